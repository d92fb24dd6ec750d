"""A referrer opens the link from their mailbox and is signed in, on the site's pages or in an app."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.people.services import mark_email_verified
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, read_sign_in_token
from referral_blocks.referrers.tokens import Tokens, open_app_session


@dataclass(frozen=True, slots=True)
class SignedIn:
    """``session`` is for the cookie of the site's own pages."""

    referrer: Referrer
    session: str


@dataclass(frozen=True, slots=True)
class AppSignedIn:
    referrer: Referrer
    tokens: Tokens


def exchange_login_token(*, token: str, site_id: int) -> SignedIn:
    """A verified session for the token's referrer. Raises InvalidInput with path ``token``."""
    referrer = _verified(token, site_id)
    return SignedIn(referrer, make_session(referrer, verified=True))


def exchange_login_token_in_app(*, token: str, site_id: int) -> AppSignedIn:
    """Bearer tokens for the token's referrer. Raises InvalidInput with path ``token``."""
    referrer = _verified(token, site_id)
    return AppSignedIn(referrer, open_app_session(referrer=referrer))


def _verified(token: str, site_id: int) -> Referrer:
    referrer = read_sign_in_token(token)
    if referrer is None or referrer.program.site_id != site_id:
        raise InvalidInput(
            _("This sign-in link is damaged or too old. Ask for a new one."), code="invalid_token", path=("token",)
        )
    mark_email_verified(person=referrer.person)
    return referrer
