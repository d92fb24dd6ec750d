"""A referrer signs out of the app that they use."""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

from referral_blocks.referrers.tokens import revoke_access_token


@sensitive_variables("access_token")
def sign_out(*, access_token: str) -> bool:
    """End the sign-in of this access token at once, its refresh token too; False when there was nothing to end. What a
    browser keeps in a cookie is the browser's to forget."""
    return revoke_access_token(token=access_token)
