"""The link in a referrer's mail signs them in; a button signs them out, here or everywhere."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from referral_blocks.blocks.recognition import ME, leave_hint
from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import DomainError
from referral_blocks.core.ratelimit import TooManyRequests, check_rate
from referral_blocks.core.visitor import ip_hash, not_a_visit
from referral_blocks.flows.exchange_login_token import exchange_login_token
from referral_blocks.flows.sign_out import sign_out_browser
from referral_blocks.programs.models import Program
from referral_blocks.programs.selectors import own_page_url
from referral_blocks.referrers.session import is_session_cookie, session_cookie

from .origin import require_same_origin
from .secret_address import secret_address
from .site import site_of

LIMIT = "20/minute"  # each opening of a link is a sign-in


def set_session(request: HttpRequest, response: HttpResponse, program: Program, session: str) -> None:
    """Keep a referrer's session in an HttpOnly cookie. The one that it takes the place of ends: nobody could sign that
    out any more."""
    name = session_cookie(program)
    sign_out_browser(cookies=[request.COOKIES.get(name, "")], site_id=program.site_id)
    response.set_cookie(
        name,
        session,
        max_age=get_conf().SIGN_IN_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    leave_hint(request, response)


@never_cache
@secret_address("GET", "HEAD")
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sets the session and leads to the referrer's own page; a bad token gets a page that offers a new link."""
    match not_a_visit(request):  # what only looks at links must not verify an address
        case "method":
            return HttpResponse()
        case "prefetch":
            return HttpResponse(status=503)  # with any success, a browser would show this once the link is opened
    site = site_of(request)
    try:
        check_rate("sign_in", ip_hash(request), limit=LIMIT)
        signed_in = exchange_login_token(token=token, site_id=site.pk)
    except DomainError as error:
        status = 429 if isinstance(error, TooManyRequests) else 400
        return render(request, "referral_blocks/sign_in_failed.html", {"error": error}, status=status)
    program = signed_in.referrer.program
    # An address that no shared cache keeps: without a script, a kept page could not become the referrer's own.
    response = HttpResponseRedirect(own_page_url(program, fallback=site.root_url + "/") + f"?rb={ME}")
    set_session(request, response, program, signed_in.session)
    return response


@csrf_exempt
@require_POST
@require_same_origin
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends every referrer session of this browser, or with ``everywhere`` those of all their browsers and apps on this
    site. A second press, and one that comes too late, are answered in the same way."""
    site = site_of(request)
    response = HttpResponseRedirect(site.root_url + "/")
    everywhere = bool(request.POST.get("everywhere"))
    sign_out_browser(cookies=sessions_of(request.COOKIES).values(), site_id=site.pk, everywhere=everywhere)
    forget_sessions(request, response)
    return response


def sessions_of(cookies: Mapping[str, str]) -> dict[str, str]:
    """Those of a browser's cookies that sign a referrer in. What another host of the same domain has set under a name
    that only begins like ours, a response could not even take away."""
    return {name: value for name, value in cookies.items() if is_session_cookie(name)}


def forget_sessions(request: HttpRequest, response: HttpResponse) -> None:
    """Take every referrer session of this browser away."""
    for name in sessions_of(request.COOKIES):
        response.delete_cookie(name)
