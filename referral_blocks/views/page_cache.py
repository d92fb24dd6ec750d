"""Who may keep a page with blocks, and for how long: docs/adr/0011-cacheable-pages.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from referral_blocks.blocks.audience import Audience, audience_of
from referral_blocks.blocks.recognition import is_recognised, take_back_hint
from referral_blocks.core.conf import get_conf

Serve = Callable[[Any, HttpRequest, Any, Any], HttpResponse]

PRIVATE = "private, no-store"
SAFE = ("GET", "HEAD")


def keep_pages_personal(serve: Serve) -> Serve:
    """Wagtail's ``on_serve_page``: whatever page holds the blocks, what was said to one visitor stays out of shared
    caches, and what is the same for every stranger may be kept for a moment."""

    def wrapper(page: Any, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponse:
        response = serve(page, request, args, kwargs)
        if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
            response.add_post_render_callback(lambda rendered: keep_personal(page, request, rendered))
        else:
            keep_personal(page, request, response)
        return response

    return wrapper


def keep_personal(page: Any, request: HttpRequest, response: HttpResponse) -> None:
    """Set the cache headers that follow from what the blocks asked about the visitor. A page on which nobody asked is
    the host's alone; so is its own ``Cache-Control``, unless the page was made for one visitor."""
    audience = audience_of(request)
    if not audience.asked and not audience.personal:
        return
    patch_vary_headers(response, ["Cookie"])
    take_back_hint(request, response)
    if audience.personal or audience.is_preview or request.method not in SAFE or is_recognised(request):
        response["Cache-Control"] = PRIVATE
    elif not response.has_header("Cache-Control") and response.status_code == 200 and get_conf().PAGE_CACHE_SECONDS > 0:
        seconds = _seconds(audience, page)
        shared = f"public, max-age=0, s-maxage={seconds}"  # a browser asks each time: its own cookies may have changed
        response["Cache-Control"] = PRIVATE if _may_be_the_hosts(request, response) else shared


def _may_be_the_hosts(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether something of the host's own may have made this page for one visitor, or sets a cookie with it."""
    harmless = get_conf().PAGE_CACHE_HARMLESS_COOKIES
    if any(not name.startswith(harmless) for name in request.COOKIES) or "Authorization" in request.headers:
        return True
    if getattr(getattr(request, "user", None), "is_authenticated", False):
        return True  # logged in by a header or a certificate: no cookie says so
    # A form of the host's with Django's token; the middleware sets its cookie after us, as it does the session's.
    has_token = request.META.get("CSRF_COOKIE_NEEDS_UPDATE", False)
    return bool(response.cookies) or has_token or getattr(getattr(request, "session", None), "modified", False)


def _seconds(audience: Audience, page: Any) -> int:
    """How long the page stays true at most: until a programme of the site or the page itself begins or ends."""
    now = timezone.now()
    left = [(moment - now).total_seconds() for moment in _moments(audience, page) if moment > now]
    return int(min([get_conf().PAGE_CACHE_SECONDS, *left]))


def _moments(audience: Audience, page: Any) -> Iterator[datetime]:
    for program in audience.programs.values():
        yield from (moment for moment in (program.starts_at, program.ends_at) if moment is not None)
    if expire_at := getattr(page, "expire_at", None):
        yield expire_at
