"""A reward that was not issued is cancelled: limits, ledger and standing are put right, points that it was bought with
come back, and who waits is let in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks.ledger.models import Account
from referral_blocks.ledger.services import post_transfer
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reward, RewardState

from .release_waiting import release_later
from .return_points import return_points
from .step_reward import move_reward

if TYPE_CHECKING:
    from django.contrib.auth.models import User

OPEN = (RewardState.PENDING, RewardState.APPROVED)


def void_reward(
    *, reward: Reward, reason: str, note: str = "", actor: User | None = None, to: str = RewardState.VOID
) -> bool:
    """Pending or approved → void (or expired); False when it is so already. Raises NotPossibleNow for one that is on
    its way or issued. Several rewards in one transaction: void_rewards."""
    with transaction.atomic():
        (reward_now,) = lock_rewards(ids=[reward.pk])
        changed = _void(reward_now, reason, note, actor, to)
        if changed:
            release_later(program_id=reward_now.program_id)
    reward.refresh_from_db()
    return changed


def void_rewards(
    *, rewards: Iterable[Reward], reason: str, note: str = "", actor: User | None = None, to: str = RewardState.VOID
) -> int:
    """Cancel those of the rewards that are pending or approved, all locked before the first is changed, so that no two
    transactions wait for each other; returns how many."""
    with transaction.atomic():
        waiting = [r for r in lock_rewards(ids=[r.pk for r in rewards]) if r.state in OPEN]
        count = sum(_void(reward, reason, note, actor, to) for reward in waiting)
        for program_id in sorted({reward.program_id for reward in waiting}):
            release_later(program_id=program_id)
    return count


def _void(reward: Reward, reason: str, note: str, actor: User | None, to: str) -> bool:
    owed = Account.PAYABLE if reward.state == RewardState.APPROVED else Account.PENDING
    if not move_reward(reward=reward, to=to, reason=reason, note=note, actor=actor):
        return False
    # Keyed by the step's own audit row: a reward that a won dispute brings back may be cancelled again.
    change = reward.changes.filter(field="state").order_by("-pk").values_list("pk", flat=True).first()
    post_transfer(
        key=f"reward:{reward.pk}:{to}:{change}",
        kind=f"reward_{to}",
        program_id=reward.program_id,
        person_id=reward.person_id,
        amount=reward.amount,
        debit=owed,
        credit=Account.EXPENSE,
    )
    if to == RewardState.VOID:
        return_points(reward=reward)
    return True
