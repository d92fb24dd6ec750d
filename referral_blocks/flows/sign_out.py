"""A referrer signs out, of the app or the browser that they use, and of all others if they say so."""

from __future__ import annotations

from collections.abc import Iterable

from django.views.decorators.debug import sensitive_variables

from referral_blocks.referrers.session import revoke_sessions, revoke_sessions_everywhere
from referral_blocks.referrers.tokens import revoke_access_token


@sensitive_variables("access_token")
def sign_out(*, access_token: str, site_id: int, everywhere: bool = False) -> bool:
    """End the sign-in of this access token at once, its refresh token too; ``everywhere``: whatever its person is
    signed in to on this site, for which it must still hold. False when there was nothing to end."""
    return revoke_access_token(token=access_token, site_id=site_id, everywhere=everywhere)


@sensitive_variables("cookies")
def sign_out_browser(*, cookies: Iterable[str], site_id: int, everywhere: bool = False) -> bool:
    """End what a browser is signed in to by these cookies; taking them away is up to the caller. ``everywhere`` and the
    answer as above. A cookie that holds no more, or that nobody verified, needs no error."""
    if everywhere:
        return bool(revoke_sessions_everywhere(tokens=cookies, site_id=site_id))
    return bool(revoke_sessions(tokens=cookies))
