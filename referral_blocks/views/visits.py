"""/r/<code>/: a referrer's link. Counts the visit, keeps the attribution, and leads to the landing page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from referral_blocks.core.errors import DomainError
from referral_blocks.core.ratelimit import check_rate
from referral_blocks.core.visitor import ip_hash, not_a_visit
from referral_blocks.flows.record_visit import FLOOD, cookie_name, record_visit
from referral_blocks.programs.selectors import only_live_program, page_url
from referral_blocks.referrals.attribution import TOKEN_PARAMETER

from .site import site_of


@never_cache
@require_safe
def visit(request: HttpRequest, code: str) -> HttpResponse:
    """Redirects to the programme's landing page, with a signed token in the address and the same in an HttpOnly cookie.

    An unknown code leads to the site's only live programme or its front page; an expired code, or one of a programme
    that is not open, to that programme's page; in both cases nothing is recorded and no cookie set.
    """
    site = site_of(request)
    visitor = ip_hash(request)
    visited = record_visit(
        code=code,
        site_id=site.pk,
        ip_hash=visitor,
        ignored_because=not_a_visit(request) or _flood(visitor),
        cookies=request.COOKIES,
    )
    program = visited.program or only_live_program(site_id=site.pk)
    target = page_url(program.landing_page, fallback=site.root_url + "/") if program else site.root_url + "/"
    if visited.token and program is not None:
        separator = "&" if "?" in target else "?"
        response = HttpResponseRedirect(target + separator + urlencode({TOKEN_PARAMETER: visited.token}))
        response.set_cookie(
            cookie_name(program),
            visited.token,
            max_age=program.visit_window_days * 86_400,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    else:
        response = HttpResponseRedirect(target)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def _flood(visitor: str) -> str | None:
    """Nobody opens 60 links a minute; a whole office behind one address may open ten."""
    try:
        check_rate("visit", visitor, limit="60/minute")
    except DomainError:
        return FLOOD
    return None
