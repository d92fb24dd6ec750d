"""/r/<code>/: a referrer's link. Counts the visit, keeps the attribution, and leads to the landing page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from referral_blocks.blocks.recognition import leave_hint
from referral_blocks.core.errors import DomainError
from referral_blocks.core.ratelimit import check_rate
from referral_blocks.core.visitor import ip_hash, not_a_visit
from referral_blocks.flows.record_visit import FLOOD, Visited, cookie_name, record_visit, record_visit_through
from referral_blocks.links.routes import Route, Routes
from referral_blocks.programs.models import Program
from referral_blocks.programs.selectors import only_live_program, page_url
from referral_blocks.referrals.attribution import TOKEN_PARAMETER

from .site import site_of

ROUTES = Routes()
# What Django's never_cache says, without working it out for each visit.
NEVER_CACHE = "max-age=0, no-cache, no-store, must-revalidate, private"


@require_safe
def visit(request: HttpRequest, code: str) -> HttpResponse:
    """Redirects to the programme's landing page, with a signed token in the address and the same in an HttpOnly cookie.

    An unknown code leads to the site's only live programme or its front page; an expired code, or one of a programme
    that is not open, to that programme's page; in both cases nothing is recorded and no cookie set.
    """
    visitor = ip_hash(request)
    ignored = not_a_visit(request) or _flood(visitor)
    key = (request.get_host(), get_language() or "", code)
    route = None if ignored else ROUTES.get(key)
    if route is not None:
        if token := record_visit_through(route=route, ip_hash=visitor, cookies=request.COOKIES):
            return _credited(request, route.address, token, cookie=route.cookie, days=route.visit_window_days)
        ROUTES.forget(key)
    return _look_up(request, code, key, visitor, ignored)


def _look_up(request: HttpRequest, code: str, key: tuple[str, ...], visitor: str, ignored: str | None) -> HttpResponse:
    site = site_of(request)
    visited = record_visit(
        code=code, site_id=site.pk, ip_hash=visitor, ignored_because=ignored, cookies=request.COOKIES
    )
    program = visited.program or only_live_program(site_id=site.pk)
    target = page_url(program.landing_page, fallback=site.root_url + "/") if program else site.root_url + "/"
    if program is None or not visited.token:
        return _no_trace(HttpResponseRedirect(target))
    if route := _route(visited, program, target):
        ROUTES.keep(key, route)
    return _credited(request, target, visited.token, cookie=cookie_name(program), days=program.visit_window_days)


def _route(visited: Visited, program: Program, target: str) -> Route | None:
    """What the next visit through the code needs; None without a page that can be visited, which is rare."""
    page = program.landing_page.localized if program.landing_page is not None else None
    if page is None or not page.live or visited.link is None:
        return None
    return Route(
        code=visited.link.code,
        link_id=visited.link.pk,
        program_id=program.pk,
        attribution=program.attribution,
        visit_window_days=program.visit_window_days,
        landing_page_id=program.landing_page_id,
        page_id=page.pk,
        page_path=page.url_path,
        site_id=program.site_id,
        site_hostname=program.site.hostname,
        site_port=program.site.port,
        address=target,
        cookie=cookie_name(program),
    )


def _credited(request: HttpRequest, target: str, token: str, *, cookie: str, days: int) -> HttpResponse:
    separator = "&" if "?" in target else "?"
    response = HttpResponseRedirect(target + separator + urlencode({TOKEN_PARAMETER: token}))
    keep_token(request, response, token, cookie=cookie, days=days)
    return _no_trace(response)


def keep_token(request: HttpRequest, response: HttpResponse, token: str, *, cookie: str, days: int) -> None:
    """Keep a visit's token in the browser for the programme's visit window."""
    response.set_cookie(cookie, token, max_age=days * 86_400, httponly=True, samesite="Lax", secure=request.is_secure())
    leave_hint(request, response)


def _no_trace(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = NEVER_CACHE
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
