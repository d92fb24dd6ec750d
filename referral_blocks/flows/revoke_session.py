"""An app signs its referrer out, here or everywhere."""

from __future__ import annotations

from referral_blocks.referrers.tokens import revoke_refresh_token


def revoke_session(*, refresh_token: str, site_id: int, everywhere: bool = False) -> bool:
    """End the sign-in of this refresh token at once, its access tokens too; ``everywhere``: whatever the same person is
    signed in to on this site, browsers too. False when there was nothing to end: a token that holds no more needs no
    error (RFC 7009 §2.2)."""
    return revoke_refresh_token(token=refresh_token, site_id=site_id, everywhere=everywhere)
