"""Writes payouts: claims rewards, moves the state, and parks what a person has to look at."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from referral_blocks.core.conf import get_conf
from referral_blocks.core.states import change_state
from referral_blocks.rewards.models import Reward

from .models import Parked, Payout, PayoutChange, PayoutItem, PayoutState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from .run import PayoutRun

logger = logging.getLogger(__name__)
S = PayoutState
STEPS: dict[str, set[str]] = {
    S.DRAFT: {S.CONFIRMED, S.CANCELLED},
    S.CONFIRMED: {S.SENDING, S.CANCELLED},
    S.SENDING: {S.SENT, S.PAID, S.FAILED_RETRYABLE, S.FAILED_FINAL, S.UNKNOWN},
    # Found in the provider's books, or settled by a person, without another try.
    S.FAILED_RETRYABLE: {S.SENDING, S.SENT, S.PAID, S.FAILED_FINAL},
    S.UNKNOWN: {S.SENDING, S.SENT, S.PAID, S.FAILED_RETRYABLE, S.FAILED_FINAL},
    S.SENT: {S.PAID, S.FAILED_FINAL, S.RETURNED},
    S.PAID: {S.RETURNED},
}


def sweep_after() -> timedelta:
    """A payout whose own task has not begun by then is queued again."""
    return timedelta(seconds=get_conf().PAYOUT_SWEEP_SECONDS)


def create_payout(*, rewards: Sequence[Reward], netted_minor: int = 0, run: PayoutRun | None = None) -> Payout:
    """A draft that claims the rewards – of one person, programme, method and currency – less what is netted;
    IntegrityError when another payout has one of them."""
    first = rewards[0]
    payout = Payout.objects.create(
        program_id=first.program_id,
        person_id=first.person_id,
        run=run,
        provider=first.method,
        amount_minor=sum(reward.amount_minor for reward in rewards) - netted_minor,
        currency=first.currency,
    )
    PayoutItem.objects.bulk_create([PayoutItem(payout=payout, reward=reward) for reward in rewards])
    return payout


def move_payout(*, payout: Payout, to: str, reason: str, note: str = "", actor: User | None = None) -> bool:
    """One allowed step of the state; False when the payout is there already. Raises NotPossibleNow."""
    return change_state(payout, to, allowed=STEPS, audit=PayoutChange, reason=reason, note=note, actor=actor)


def confirm_payout(*, payout: Payout, actor: User | None) -> None:
    """Draft → confirmed, by a person or (None) by the rule that says “automatic”."""
    if move_payout(payout=payout, to=S.CONFIRMED, reason="person" if actor else "rule", actor=actor):
        payout.confirmed_by = actor
        payout.next_try_at = timezone.now() + sweep_after()
        payout.save(update_fields=["confirmed_by", "next_try_at"])


def cancel(*, payout: Payout, reason: str, note: str = "", actor: User | None = None) -> None:
    """Draft or confirmed → cancelled: no task sends it any more. Raises NotPossibleNow for one that is on its way."""
    move_payout(payout=payout, to=S.CANCELLED, reason=reason, note=note, actor=actor)
    payout.next_try_at, payout.parked = None, ""
    payout.save(update_fields=["next_try_at", "parked"])


def rewards_in(*, payout: Payout) -> list[Reward]:
    """The rewards that the payout has claimed, always in the same order, so that locks are taken in that order."""
    return list(Reward.objects.filter(payout_items__payout=payout, payout_items__released=False).order_by("pk"))


def release_items(*, payout: Payout) -> None:
    """Give the rewards of a payout that failed for good or was cancelled free again."""
    PayoutItem.objects.filter(payout=payout).update(released=True)


def park(*, payout: Payout, why: Parked) -> None:
    """Nothing is tried by itself any more: a person has to look. Inside the transaction with the payout's lock."""
    payout.parked, payout.next_try_at = why, None
    payout.save(update_fields=["parked", "next_try_at"])
    PayoutChange.objects.create(subject=payout, field="parked", from_state="", to_state=why, reason=why)
    logger.error("Payout %s to %s waits for a person: %s", payout.public_id, payout.provider, why)


def unpark(*, payout: Payout, note: str, actor: User | None) -> None:
    """A person lets it go on. Inside the transaction that holds the payout's lock."""
    PayoutChange.objects.create(
        subject=payout, field="parked", from_state=payout.parked, to_state="", reason="person", note=note, actor=actor
    )
    payout.parked, payout.next_try_at = "", timezone.now() + sweep_after()
    payout.save(update_fields=["parked", "next_try_at"])


def times_resumed(*, payout: Payout) -> int:
    """How often a person has let it go on."""
    return PayoutChange.objects.filter(subject=payout, field="parked", to_state="").count()
