"""Writes payouts: claims rewards, keeps the conversation with the provider, and moves the state."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.core.hashing import content_hash
from referral_blocks.core.states import change_state
from referral_blocks.rewards.models import Reward

from .models import Payout, PayoutAttempt, PayoutChange, PayoutItem, PayoutState
from .provider import Outcome, PayoutResult, payout_provider
from .selectors import due_payouts

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)
S = PayoutState
STEPS: dict[str, set[str]] = {
    S.DRAFT: {S.CONFIRMED, S.CANCELLED},
    S.CONFIRMED: {S.SENDING, S.CANCELLED},
    S.SENDING: {S.SENT, S.PAID, S.FAILED_RETRYABLE, S.FAILED_FINAL, S.UNKNOWN},
    S.FAILED_RETRYABLE: {S.SENDING},
    S.UNKNOWN: {S.SENDING, S.PAID},
    S.SENT: {S.PAID},
}
STATE_AFTER: dict[Outcome, PayoutState] = {
    Outcome.PAID: S.PAID,
    Outcome.ACCEPTED: S.SENT,
    Outcome.FAILED_RETRYABLE: S.FAILED_RETRYABLE,
    Outcome.FAILED_FINAL: S.FAILED_FINAL,
    Outcome.UNKNOWN: S.UNKNOWN,
}
SWEEP_AFTER = timedelta(minutes=5)  # a payout whose own task has not begun by then is queued again
LEASE = timedelta(minutes=10)  # far above the queue's time-out: nobody else talks to the provider meanwhile


def create_payout(*, reward: Reward, netted_minor: int = 0) -> Payout:
    """A draft that claims the reward, less what is netted; IntegrityError when another payout has it."""
    payout = Payout.objects.create(
        program_id=reward.program_id,
        person_id=reward.person_id,
        provider=reward.method,
        amount_minor=reward.amount_minor - netted_minor,
        currency=reward.currency,
    )
    PayoutItem.objects.create(payout=payout, reward=reward)
    return payout


def move_payout(*, payout: Payout, to: str, reason: str, note: str = "", actor: User | None = None) -> bool:
    """One allowed step of the state; False when the payout is there already. Raises NotPossibleNow."""
    return change_state(payout, to, allowed=STEPS, audit=PayoutChange, reason=reason, note=note, actor=actor)


def confirm_payout(*, payout: Payout, actor: User | None) -> None:
    """Draft → confirmed, by a person or (None) by the rule that says “automatic”."""
    if move_payout(payout=payout, to=S.CONFIRMED, reason="person" if actor else "rule", actor=actor):
        payout.confirmed_by = actor
        payout.next_try_at = timezone.now() + SWEEP_AFTER
        payout.save(update_fields=["confirmed_by", "next_try_at"])


def claim_attempt(*, payout: Payout) -> PayoutAttempt | None:
    """Take the payout's conversation for LEASE: the live attempt with its key and body, or a first one, committed.

    None when it is not due, or when another task has it. Call it outside any transaction: what it writes has to be
    committed before the provider hears of it.
    """
    now = timezone.now()
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(pk=payout.pk)
        if payout.state not in (S.CONFIRMED, S.SENDING, S.FAILED_RETRYABLE, S.UNKNOWN):
            return None
        attempt = PayoutAttempt.objects.filter(payout=payout, outcome__in=PayoutAttempt.LIVE).first()
        if attempt is None:
            attempt = _new_attempt(payout)
        elif attempt.tries and attempt.created_at + payout_provider(payout.provider).retry_window < now:
            return None
        claimed = (
            PayoutAttempt.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), pk=attempt.pk)
            .update(leased_until=now + LEASE, tries=F("tries") + 1)
        )  # fmt: skip
        if not claimed:
            return None
        move_payout(payout=payout, to=S.SENDING, reason=f"try:{attempt.tries + 1}")
    attempt.refresh_from_db()
    return attempt


def _new_attempt(payout: Payout) -> PayoutAttempt:
    rewards = Reward.objects.filter(payout_items__payout=payout, payout_items__released=False).order_by("pk")
    titles = " + ".join(r.title for r in rewards)
    instructions = "\n".join(filter(None, (r.instructions for r in rewards)))
    body: dict[str, Any] = payout_provider(payout.provider).body(title=titles[:240], instructions=instructions)
    return PayoutAttempt.objects.create(
        payout=payout,
        number=PayoutAttempt.objects.filter(payout=payout).count() + 1,
        request=body,
        request_sha256=content_hash(body),
    )


def requeue_due_payouts(*, task: str, limit: int) -> int:
    """Queue the payouts whose task was lost, or whose next try is due; returns how many."""
    count = 0
    for payout in due_payouts(limit=limit):
        with transaction.atomic():
            # Guarded by the old value: two sweepers at once queue it once.
            mine = Payout.objects.filter(pk=payout.pk, next_try_at=payout.next_try_at)
            if mine.update(next_try_at=timezone.now() + SWEEP_AFTER):
                queue.enqueue(task, payout.pk)
                count += 1
    return count


def record_result(*, attempt: PayoutAttempt, result: PayoutResult) -> bool:
    """Write the provider's answer and move the payout accordingly; inside the caller's transaction, which holds the
    payout's lock.

    False for an answer that comes too late: the lease ran out and another task talks, or has talked, to the provider
    with the same key. It is written into the audit trail, and what the other task hears decides.
    """
    now = timezone.now()
    payout = attempt.payout
    live = result.outcome in (Outcome.FAILED_RETRYABLE, Outcome.UNKNOWN)
    # The number of tries is the fence: whoever claimed the attempt last holds the newest one.
    mine = PayoutAttempt.objects.filter(pk=attempt.pk, tries=attempt.tries, outcome__in=PayoutAttempt.LIVE)
    if payout.state != S.SENDING or not mine.update(
        outcome=str(result.outcome),
        provider_ref=result.provider_ref,
        response=dict(result.response),
        leased_until=None,
        finished_at=None if live else now,
    ):
        note = " ".join(filter(None, (result.provider_ref, result.message)))
        PayoutChange.objects.create(
            subject=payout, field="late", from_state=payout.state, to_state=payout.state,
            reason=f"late:{result.outcome}"[:40], note=note,
        )  # fmt: skip
        return False
    move_payout(
        payout=payout, to=STATE_AFTER[result.outcome], reason=f"provider:{result.outcome}"[:40], note=result.message
    )
    payout.next_try_at = _next_try(payout, attempt) if live else None
    payout.save(update_fields=["next_try_at"])
    return True


def close_attempt(*, payout: Payout) -> None:
    """End the conversation of a payout that a person has settled meanwhile; inside the caller's transaction."""
    PayoutAttempt.objects.filter(payout=payout, outcome__in=PayoutAttempt.LIVE).update(
        outcome=str(Outcome.ACCEPTED), leased_until=None, finished_at=timezone.now()
    )
    Payout.objects.filter(pk=payout.pk).update(next_try_at=None)


def _next_try(payout: Payout, attempt: PayoutAttempt) -> datetime | None:
    """When to ask again: later each time; None once the provider may have forgotten the key."""
    again = timezone.now() + timedelta(minutes=min(2**attempt.tries, 60))
    if again < attempt.created_at + payout_provider(payout.provider).retry_window:
        return again
    logger.error("Payout %s: the outcome stays unknown; a person has to ask %s", payout.public_id, payout.provider)
    return None


def cancel(*, payout: Payout, reason: str, note: str = "", actor: User | None = None) -> None:
    """Draft or confirmed → cancelled: no task sends it any more. Raises NotPossibleNow for one that is on its way."""
    move_payout(payout=payout, to=S.CANCELLED, reason=reason, note=note, actor=actor)
    payout.next_try_at = None
    payout.save(update_fields=["next_try_at"])


def rewards_in(*, payout: Payout) -> list[Reward]:
    """The rewards that the payout has claimed, always in the same order, so that locks are taken in that order."""
    return list(Reward.objects.filter(payout_items__payout=payout, payout_items__released=False).order_by("pk"))


def release_items(*, payout: Payout) -> None:
    """Give the rewards of a payout that failed for good or was cancelled free again."""
    PayoutItem.objects.filter(payout=payout).update(released=True)
