"""Payouts that nobody has begun to send are cancelled; the rewards that they would pay are cancelled, too, or wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from referral_blocks.activity.kinds import Kind
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.services import post_transfer
from referral_blocks.payouts.attempts import call_off
from referral_blocks.payouts.models import Payout, PayoutItem
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reason, Reward, RewardState

from .announce_payout import announce_payout
from .clawback import free_rewards, look_again
from .send_payout import lock_payout
from .step_reward import await_again, hold_for_review
from .void_reward import OPEN, void_rewards

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def cancel_rewards(*, rewards: Iterable[Reward], reason: str, note: str = "", actor: User | None = None) -> int:
    """Cancel those of the rewards that are pending, approved, or claimed by a payout that nobody has begun to send;
    returns how many. What is on its way or issued stays as it is. In the caller's transaction."""
    locked = _free(rewards, reason, note, actor)
    return void_rewards(rewards=locked, reason=reason, note=note, actor=actor)


def hold_rewards(*, rewards: Iterable[Reward], cause: str) -> None:
    """Let those of the rewards that are pending, approved, or claimed by a payout that nobody has begun to send wait
    for a person's look: what waits for a run is not paid over a doubt. In the caller's transaction."""
    for reward in _free(rewards, cause):
        if reward.state == RewardState.APPROVED:
            await_again(reward=reward, reason=Reason.REVIEW, cause=cause)
            # Keyed by the step's own audit row: it may be approved, and wait, more than once.
            change = reward.changes.filter(field="state").order_by("-pk").values_list("pk", flat=True).first()
            post_transfer(
                key=f"reward:{reward.pk}:waits:{change}",
                kind="reward_waits",
                program_id=reward.program_id,
                person_id=reward.person_id,
                amount=reward.amount,
                debit=Account.PAYABLE,
                credit=Account.PENDING,
            )
        else:
            hold_for_review(reward=reward, cause=cause)


def _free(rewards: Iterable[Reward], reason: str, note: str = "", actor: User | None = None) -> list[Reward]:
    """Those that may still be stopped, locked, and claimed by no payout that nobody has begun to send."""
    # All before the first payout: rewards come before payouts in the order of locks.
    locked = lock_rewards(ids=[r.pk for r in rewards if r.state in (*OPEN, RewardState.RESERVED)])
    items = PayoutItem.objects.filter(reward__in=locked, released=False).order_by("payout_id")
    for payout_id in items.values_list("payout_id", flat=True).distinct():
        _call_off(payout_id, reason, note, actor)
    return lock_rewards(ids=[reward.pk for reward in locked])


def call_back(*, payout_id: int, reason: str, actor: User | None = None) -> bool:
    """Cancel a payout that nobody has begun to send: its rewards are approved again, and claimed by none; but those
    whose friend was blocked, came under review or left while a try was under way. False for a payout that may be on
    its way, or is cancelled. In the caller's transaction."""
    called = _call_off(payout_id, reason, "", actor)
    if called is None:
        return False
    payout, rewards = called
    look_again(payout=payout, rewards=rewards)
    return True


def _call_off(payout_id: int, reason: str, note: str, actor: User | None) -> tuple[Payout, list[Reward]] | None:
    payout = lock_payout(payout_id=payout_id)
    if not call_off(payout=payout, reason=reason, note=note, actor=actor):
        return None
    announce_payout(Kind.PAYOUT_CANCELLED, payout)
    return payout, free_rewards(payout=payout, reason=f"payout:{payout.pk}")
