"""Writes payouts: claims rewards, keeps the conversation with the provider, and moves the state."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.core.conf import get_conf
from referral_blocks.core.hashing import content_hash
from referral_blocks.core.states import change_state
from referral_blocks.rewards.models import Reward

from .limits import next_day, take_room
from .models import Parked, Payout, PayoutAttempt, PayoutChange, PayoutItem, PayoutState
from .provider import Outcome, PayoutOrder, PayoutResult
from .registry import payout_provider
from .selectors import due_payouts, is_stopped, recipient_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from .run import PayoutRun

logger = logging.getLogger(__name__)
S = PayoutState
STEPS: dict[str, set[str]] = {
    S.DRAFT: {S.CONFIRMED, S.CANCELLED},
    S.CONFIRMED: {S.SENDING, S.CANCELLED},
    S.SENDING: {S.SENT, S.PAID, S.FAILED_RETRYABLE, S.FAILED_FINAL, S.UNKNOWN},
    S.FAILED_RETRYABLE: {S.SENDING, S.FAILED_FINAL},
    S.UNKNOWN: {S.SENDING, S.SENT, S.PAID, S.FAILED_RETRYABLE, S.FAILED_FINAL},
    S.SENT: {S.PAID, S.RETURNED},
    S.PAID: {S.RETURNED},
}
STATE_AFTER: dict[Outcome, PayoutState] = {
    Outcome.PAID: S.PAID,
    Outcome.ACCEPTED: S.SENT,
    Outcome.NEEDS_ACTION: S.FAILED_FINAL,
    Outcome.NOT_NOW: S.FAILED_RETRYABLE,
    Outcome.FAILED_RETRYABLE: S.FAILED_RETRYABLE,
    Outcome.FAILED_FINAL: S.FAILED_FINAL,
    Outcome.UNKNOWN: S.UNKNOWN,
}
OPEN = (S.CONFIRMED, S.SENDING, S.FAILED_RETRYABLE, S.UNKNOWN)  # states that a task may go on from


def sweep_after() -> timedelta:
    """A payout whose own task has not begun by then is queued again."""
    return timedelta(seconds=get_conf().PAYOUT_SWEEP_SECONDS)


def lease() -> timedelta:
    """How long nobody else talks to the provider: far above the queue's time-out."""
    return timedelta(seconds=get_conf().PAYOUT_LEASE_SECONDS)


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


def claim_attempt(*, payout: Payout) -> PayoutAttempt | None:
    """Take the payout's conversation for a lease: the live attempt with its key and body, or a new one, committed.

    None when it is not to be sent now: another task has it, sending is stopped, a day's cap is reached, it waits for a
    person or for a look-up. Raises InvalidInput for what the provider is known to refuse; then nothing is written.
    Call it outside any transaction: what it writes has to be committed before the provider hears of it.
    """
    now = timezone.now()
    with transaction.atomic():
        payout = Payout.objects.select_for_update(of=("self",)).select_related("person").get(pk=payout.pk)
        if payout.state not in OPEN or payout.parked or is_stopped(payout=payout):
            return None
        attempt = live_attempt(payout=payout)
        if attempt is None:
            attempt = _begin(payout)
        elif attempt.tries and is_forgotten(attempt=attempt, now=now):
            return None
        if attempt is None or not take_lease(attempt=attempt):
            return None
        move_payout(payout=payout, to=S.SENDING, reason=f"try:{attempt.tries + 1}")
    attempt.refresh_from_db()
    return attempt


def live_attempt(*, payout: Payout) -> PayoutAttempt | None:
    """The conversation that is not over."""
    return PayoutAttempt.objects.filter(payout=payout, outcome__in=PayoutAttempt.LIVE).first()


def is_forgotten(*, attempt: PayoutAttempt, now: datetime) -> bool:
    """Whether the provider may have forgotten the attempt's key, so that using it again might pay twice."""
    return attempt.created_at + payout_provider(attempt.provider).capabilities.retry_window < now


def take_lease(*, attempt: PayoutAttempt) -> bool:
    """Be the only one who talks about this attempt; False when somebody else does."""
    now = timezone.now()
    free = PayoutAttempt.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), pk=attempt.pk)
    return bool(free.update(leased_until=now + lease(), tries=F("tries") + 1))


def _begin(payout: Payout) -> PayoutAttempt | None:
    """A new attempt; None when a day's cap has no room: it is tried again tomorrow."""
    if not take_room(payout=payout):
        Payout.objects.filter(pk=payout.pk).update(next_try_at=next_day(program=payout.program))
        return None
    return _new_attempt(payout)


def _new_attempt(payout: Payout) -> PayoutAttempt:
    rewards = rewards_in(payout=payout)
    order = PayoutOrder(
        payout_id=str(payout.public_id),
        amount=payout.amount,
        recipient=recipient_of(payout=payout),
        title=" + ".join(r.title for r in rewards)[:240],
        instructions="\n".join(filter(None, (r.instructions for r in rewards))),
        options=rewards[0].method_options if rewards else {},
    )
    body = payout_provider(payout.provider).body(order)
    return PayoutAttempt.objects.create(
        payout=payout,
        provider=payout.provider,
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
            if mine.update(next_try_at=timezone.now() + sweep_after()):
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
    payout.provider_ref = result.provider_ref or payout.provider_ref
    payout.next_try_at = _next_try(payout, attempt, result)
    payout.save(update_fields=["next_try_at", "parked", "provider_ref"])
    return True


def close_attempt(*, payout: Payout) -> None:
    """End the conversation of a payout that a person has settled meanwhile; inside the caller's transaction."""
    PayoutAttempt.objects.filter(payout=payout, outcome__in=PayoutAttempt.LIVE).update(
        outcome=str(Outcome.ACCEPTED), leased_until=None, finished_at=timezone.now()
    )
    Payout.objects.filter(pk=payout.pk).update(next_try_at=None, parked="")


def _next_try(payout: Payout, attempt: PayoutAttempt, result: PayoutResult) -> datetime | None:
    """When to go on: later each time, never two at one moment; None when it is over or waits for a person.

    Once the provider may have forgotten the key, going on means looking the payout up.
    """
    conf, now = get_conf(), timezone.now()
    if result.outcome == Outcome.NOT_NOW:
        return now + (result.retry_after or timedelta(seconds=conf.PAYOUT_RETRY_MAX_SECONDS))
    if result.outcome not in (Outcome.FAILED_RETRYABLE, Outcome.UNKNOWN):
        return None
    if attempt.tries >= conf.PAYOUT_MAX_TRIES:
        payout.parked = Parked.TRIES
        logger.error("Payout %s waits for a person after %d tries", payout.public_id, attempt.tries)
        return None
    wait = min(conf.PAYOUT_RETRY_SECONDS * 2 ** min(attempt.tries - 1, 20), conf.PAYOUT_RETRY_MAX_SECONDS)
    again = now + max(
        timedelta(seconds=wait * (0.75 + secrets.randbelow(501) / 1000)), result.retry_after or timedelta()
    )
    capabilities = payout_provider(payout.provider).capabilities
    if again >= attempt.created_at + capabilities.retry_window and not capabilities.read_back:
        payout.parked = Parked.WINDOW
        logger.error("Payout %s: the outcome stays unknown; a person has to ask %s", payout.public_id, payout.provider)
        return None
    return again


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
