"""Staff, or the shop's own system, say that a friend does not qualify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_blocks.referrals.models import Referral, Stage

from .withdraw_referral import close_referral

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def unqualify_referral(*, referral: Referral, reason: str, actor: User | None) -> bool:
    """Captured or nurturing → unqualified, for good; False when it is so already. Without ``actor`` it is a system that
    says so.

    Rewards that are not on their way are cancelled, what was issued stays, and a place in an open group is free again.
    Raises InvalidInput with path ``reason``, and NotPossibleNow for a friend who is or was a customer, and for one who
    left the programme another way; then nothing is written.
    """
    return close_referral(referral=referral, to=Stage.UNQUALIFIED, reason=reason, actor=actor)
