"""What tells one visitor from another: our cookies, what our addresses carry, and the hint that a cookie is there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from referral_blocks.referrals.attribution import TOKEN_PARAMETER

OWN_COOKIES = "rb_"  # how the name of every cookie of ours begins
TOLD_PARAMETER = "rb"  # what a form has led to; the others begin with it: a group, the rows of a list
ME = "me"  # ?rb=me: the same page, which no shared cache keeps

# Scripts may read this one, and nothing can be learned from it: only that one of the other cookies is there.
HINT_COOKIE = "rb_hint"
HINT_SECONDS = 365 * 86_400


def is_recognised(request: HttpRequest) -> bool:
    """Whether the request holds anything of ours that may make its page another one than a stranger's."""
    ours = any(name == TOKEN_PARAMETER or name.startswith(TOLD_PARAMETER) for name in request.GET)
    return ours or any(name.startswith(OWN_COOKIES) for name in request.COOKIES)


def leave_hint(request: HttpRequest, response: HttpResponse) -> None:
    """Beside a cookie that recognises its visitor: a page out of a cache that ignores cookies then looks again."""
    response.set_cookie(HINT_COOKIE, "1", max_age=HINT_SECONDS, samesite="Lax", secure=request.is_secure())


def take_back_hint(request: HttpRequest, response: HttpResponse) -> None:
    """Forget the hint once the cookies that it stood for are gone."""
    ours = [name for name in request.COOKIES if name.startswith(OWN_COOKIES)]
    if ours == [HINT_COOKIE]:
        response.delete_cookie(HINT_COOKIE, samesite="Lax")
