"""Payouts that nobody has begun to send are cancelled, and the rewards that they would pay with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from referral_blocks.payouts.models import PayoutItem, PayoutState
from referral_blocks.payouts.services import cancel
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reward, RewardState

from .clawback import free_rewards
from .send_payout import lock_payout
from .void_reward import OPEN, void_rewards

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def cancel_rewards(*, rewards: Iterable[Reward], reason: str, note: str = "", actor: User | None = None) -> int:
    """Cancel those of the rewards that are pending, approved, or claimed by a payout that nobody has begun to send;
    returns how many. What is on its way or issued stays as it is. In the caller's transaction."""
    # All before the first payout: rewards come before payouts in the order of locks.
    locked = lock_rewards(ids=[r.pk for r in rewards if r.state in (*OPEN, RewardState.RESERVED)])
    items = PayoutItem.objects.filter(reward__in=locked, released=False).order_by("payout_id")
    for payout_id in items.values_list("payout_id", flat=True).distinct():
        _cancel(payout_id, reason, note, actor)
    return void_rewards(rewards=locked, reason=reason, note=note, actor=actor)


def _cancel(payout_id: int, reason: str, note: str, actor: User | None) -> None:
    payout = lock_payout(payout_id=payout_id)
    if payout.state in (PayoutState.DRAFT, PayoutState.CONFIRMED):
        cancel(payout=payout, reason=reason, note=note, actor=actor)
        free_rewards(payout=payout, reason=f"payout:{payout.pk}")
