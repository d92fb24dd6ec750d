"""Members of staff who are signed in to Wagtail, and what their rights there are worth here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from referral_blocks.access.models import Scope
from referral_blocks.access.rights import RIGHTS as TO_GIVE

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ENTRY = "wagtailadmin.access_admin"

# What the admin's views of the same things ask for: all of them. A mutation whose view asks for another right names it.
# To hand a scope on takes the rights to all that it opens; to use it, those of the view at hand.
RIGHTS: Mapping[Scope, tuple[str, ...]] = {
    **TO_GIVE,
    Scope.SALES_WRITE: ("add_sale",),
    Scope.WEBHOOKS_WRITE: ("change_webhookendpoint",),
    Scope.KEYS_WRITE: ("view_apikey",),
}


class _TokenCheck(CsrfViewMiddleware):
    """Django's own check, which says why it refuses instead of answering with a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return cast(HttpResponse, reason)


def staff_of(request: HttpRequest) -> User | None:
    """Who may enter Wagtail's admin and sends, beside the session's cookie, the CSRF token of a page of this site. The
    cookie alone is worth nothing: a browser sends it for whoever asks it to."""
    # Django asks a GET for no token, because it expects no harm of one; a stream may be asked for that way.
    if request.method != "POST" or settings.SESSION_COOKIE_NAME not in request.COOKIES or not _has_token(request):
        return None
    user = getattr(request, "user", None)
    return cast("User", user) if isinstance(user, AbstractUser) and user.has_perm(ENTRY) else None


def _has_token(request: HttpRequest) -> bool:
    check = _TokenCheck(lambda _request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, None, (), {}) is None
