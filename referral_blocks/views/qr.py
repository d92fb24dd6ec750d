"""/r/<code>/qr.svg and qr.png: the link as a QR code."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from referral_blocks.blocks.sample import SAMPLE_CODE, SAMPLE_URL
from referral_blocks.links.qr import qr_png, qr_png_for_print, qr_svg
from referral_blocks.links.selectors import link_by_code, link_url

from .shares import count_share
from .site import site_of

KINDS = {"svg": ("image/svg+xml", qr_svg), "png": ("image/png", qr_png)}


@require_safe
def qr(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """The image; ``?download`` offers it as a file. 404 for an unknown code or kind."""
    if kind not in KINDS:
        raise Http404
    content_type, draw = KINDS[kind]
    link = link_by_code(code=code, site_id=site_of(request).pk)
    if link is None and code == SAMPLE_CODE:  # in the previews that editors see
        return HttpResponse(draw(SAMPLE_URL), content_type=content_type)
    if link is None:
        raise Http404
    if "download" not in request.GET:
        response = HttpResponse(draw(link_url(link)), content_type=content_type)
        response["Cache-Control"] = "public, max-age=86400"
        return response
    # A download is for print, and a way to pass the link on: each press comes here to be counted.
    count_share(request, link=link, channel="qr")
    for_print = qr_png_for_print if kind == "png" else draw
    response = HttpResponse(for_print(link_url(link)), content_type=content_type)
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = f'attachment; filename="{link.code}.{kind}"'
    return response
