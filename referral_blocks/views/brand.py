"""The brand's stylesheet: colours that a marketer chose, under an address that changes with them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from referral_blocks.theming.selectors import look_by_version, look_of_site

from .site import site_of

FOR_EVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=60"


@require_safe
def brand(request: HttpRequest, version: str) -> HttpResponse:
    """A page that a cache has kept may name a stylesheet of another day: it gets the present one, not to be kept."""
    site = site_of(request)
    found = look_by_version(site_id=site.pk, version=version)
    look = found or look_of_site(site_id=site.pk)
    if not look.css:
        raise Http404
    response = HttpResponse(look.css, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = FOR_EVER if found else BRIEFLY
    response["X-Content-Type-Options"] = "nosniff"
    return response
