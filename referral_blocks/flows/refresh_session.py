"""An app changes its refresh token for a new one, and gets an access token with it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.tokens import Tokens, rotate_refresh_token


@dataclass(frozen=True, slots=True)
class Refreshed:
    referrer: Referrer
    tokens: Tokens


def refresh_session(*, refresh_token: str, site_id: int) -> Refreshed:
    """New tokens; the old refresh token no longer works. Raises InvalidInput (path ``refreshToken``): then nothing was
    written, but for one that was used before, which ends the whole sign-in."""
    rotated = rotate_refresh_token(token=refresh_token, site_id=site_id)
    if rotated is None:
        raise InvalidInput(
            _("You are signed out. Ask for a new sign-in link."), code="invalid_token", path=("refreshToken",)
        )
    return Refreshed(*rotated)
