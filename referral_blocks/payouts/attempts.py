"""The conversation with a provider: who may talk, under which key, what the answer changes, and when it goes on."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone

from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.hashing import content_hash

from .limits import check_cap, give_room_back, next_day, take_room
from .models import Parked, Payout, PayoutAttempt, PayoutChange, PayoutState
from .provider import Outcome, PayoutOrder, PayoutResult, ProviderUnavailable
from .registry import payout_provider
from .run import RunState
from .selectors import is_stopped, recipient_of
from .services import cancel, move_payout, park, rewards_in, sweep_after, times_resumed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)
S = PayoutState
DONE = (Outcome.PAID, Outcome.ACCEPTED)
GOES_ON = (Outcome.FAILED_RETRYABLE, Outcome.UNKNOWN)  # the same key may be used again
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


class CannotAsk(Exception):
    """The provider's code cannot say what to ask for this payout: nothing was written or sent."""


def claim_attempt(*, payout: Payout) -> PayoutAttempt | None:
    """Take the payout's conversation for a lease: the live attempt with its key and body, or a new one, committed.

    None when it is not to be sent now: another task has it, it is not due again, sending is stopped, a day's cap is
    reached, it waits for a person or for a look-up. Raises InvalidInput for what the provider is known to refuse, and
    CannotAsk; then nothing is written. Call it outside any transaction: what it writes has to be committed before the
    provider hears of it.
    """
    with transaction.atomic():
        rows = Payout.objects.select_for_update(of=("self",)).select_related("person", "program", "run")
        payout = rows.get(pk=payout.pk)
        if payout.state not in OPEN or payout.parked or is_stopped(payout=payout):
            return None
        attempt = live_attempt(payout=payout)
        if attempt is None:
            attempt = _begin(payout) if _may_begin(payout) else None
        elif _is_over(payout, attempt):
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
    """Be the only one who talks about this attempt; False when somebody else does, or when it is too early."""
    now = timezone.now()
    free = PayoutAttempt.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), pk=attempt.pk)
    return bool(free.update(leased_until=now + lease(), tries=F("tries") + 1))


def lease() -> timedelta:
    """How long nobody else talks to the provider: far above the queue's time-out."""
    return timedelta(seconds=get_conf().PAYOUT_LEASE_SECONDS)


def is_talking(*, payout: Payout) -> bool:
    """Whether a task is talking to the provider about it at this moment."""
    if payout.state != S.SENDING:
        return False
    return PayoutAttempt.objects.filter(payout=payout, leased_until__gt=timezone.now()).exists()


def has_tried_enough(*, payout: Payout, attempt: PayoutAttempt) -> bool:
    """Tries are counted before they are made, so that one which kills its worker counts, too; each time that a person
    resumes the payout it gets as many again."""
    most = get_conf().PAYOUT_MAX_TRIES
    return attempt.tries >= most and attempt.tries >= most * (1 + times_resumed(payout=payout))


def _is_over(payout: Payout, attempt: PayoutAttempt) -> bool:
    """Whether the same key is not to be used again; parks the payout where only a person can go on."""
    now = timezone.now()
    if attempt.leased_until is not None and attempt.leased_until > now:
        return True  # somebody talks, or it is too early
    if is_forgotten(attempt=attempt, now=now):
        if not payout_provider(attempt.provider).capabilities.read_back:
            park(payout=payout, why=Parked.WINDOW)
        return True
    if has_tried_enough(payout=payout, attempt=attempt):
        park(payout=payout, why=Parked.TRIES)
        return True
    return False


def _may_begin(payout: Payout) -> bool:
    """Not in a run that was cancelled: what is left of that is called back, and does not slip out before."""
    called_back = payout.run is not None and payout.run.state == RunState.CANCELLED
    return payout.state in (S.CONFIRMED, S.FAILED_RETRYABLE) and not called_back


def _begin(payout: Payout) -> PayoutAttempt | None:
    """A new attempt; None when a day's cap has no room: it is tried again tomorrow. Raises InvalidInput where no day
    ever has."""
    if not payout_provider(payout.provider).capabilities.in_house:
        check_cap(program_id=payout.program_id, amount=payout.amount)
    if not take_room(payout=payout):
        logger.warning("Payout %s waits for tomorrow: a day’s cap has no room for it", payout.public_id)
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
    body = _body(payout, order)
    return PayoutAttempt.objects.create(
        payout=payout,
        provider=payout.provider,
        number=PayoutAttempt.objects.filter(payout=payout).count() + 1,
        request=body,
        request_sha256=content_hash(body),
    )


def _body(payout: Payout, order: PayoutOrder) -> dict[str, Any]:
    try:
        return payout_provider(payout.provider).body(order)
    except (InvalidInput, ProviderUnavailable, DatabaseError):
        raise
    except Exception as error:
        raise CannotAsk from error


def record_result(*, attempt: PayoutAttempt, result: PayoutResult) -> bool:
    """Write the provider's answer and move the payout accordingly; inside the caller's transaction, which holds the
    payout's lock.

    False for an answer that comes too late: the lease ran out and another task talks, or has talked, to the provider
    with the same key. It is written into the audit trail, and what the other task hears decides.
    """
    payout = attempt.payout
    state = STATE_AFTER[result.outcome]
    again = _next_try(payout, attempt, result)
    if payout.state != S.SENDING or not write_answer(attempt=attempt, result=result, wait_until=again):
        note_late(payout=payout, result=result)
        return False
    move_payout(payout=payout, to=state, reason=f"provider:{result.outcome}"[:40], note=result.message)
    payout.provider_ref = result.provider_ref or payout.provider_ref
    payout.next_try_at, payout.parked = again, ""
    payout.save(update_fields=["next_try_at", "parked", "provider_ref"])
    if again is None and result.outcome in GOES_ON:
        park(payout=payout, why=_why_parked(payout, attempt))
    return True


def write_answer(*, attempt: PayoutAttempt, result: PayoutResult, wait_until: datetime | None) -> bool:
    """The answer on its attempt; False when another task has talked since. The number of tries is the fence: whoever
    claimed the attempt last holds the newest one."""
    live = result.outcome in GOES_ON
    mine = PayoutAttempt.objects.filter(pk=attempt.pk, tries=attempt.tries, outcome__in=PayoutAttempt.LIVE)
    written: dict[str, Any] = {"provider_ref": result.provider_ref} if result.provider_ref else {}
    return bool(
        mine.update(
            outcome=str(result.outcome),
            response=dict(result.response),
            # Not before its time, whatever number of its tasks is in the queue.
            leased_until=wait_until if live else None,
            finished_at=None if live else timezone.now(),
            **written,
        )
    )


def note_late(*, payout: Payout, result: PayoutResult) -> None:
    """An answer that changes nothing any more is kept in the audit trail."""
    note = " ".join(filter(None, (result.provider_ref, result.message)))
    PayoutChange.objects.create(
        subject=payout, field="late", from_state=payout.state, to_state=payout.state,
        reason=f"late:{result.outcome}"[:40], note=note,
    )  # fmt: skip
    if result.outcome in DONE and payout.state in (S.FAILED_FINAL, S.FAILED_RETRYABLE, S.CANCELLED):
        logger.error("Payout %s is “%s”, but a late answer says that it was paid", payout.public_id, payout.state)


def call_off(*, payout: Payout, reason: str, note: str = "", actor: User | None = None) -> bool:
    """Make sure that nothing of the payout is sent any more, and give its room of the day back; False when something
    may be on its way. Inside the transaction that holds the payout's lock; its rewards are the caller's business."""
    if payout.state in (S.DRAFT, S.CONFIRMED):
        cancel(payout=payout, reason=reason, note=note, actor=actor)
    elif payout.state == S.FAILED_RETRYABLE and live_attempt(payout=payout) is None:
        # Such as for want of balance: the next try would be under a new key, and is not made.
        move_payout(payout=payout, to=S.FAILED_FINAL, reason=reason, note=note, actor=actor)
        close_attempt(payout=payout)
    else:
        return False
    give_room_back(payout=payout)
    return True


def close_attempt(*, payout: Payout, outcome: Outcome = Outcome.ACCEPTED) -> None:
    """End the conversation of a payout that a person has settled meanwhile; inside the caller's transaction."""
    PayoutAttempt.objects.filter(payout=payout, outcome__in=PayoutAttempt.LIVE).update(
        outcome=str(outcome), leased_until=None, finished_at=timezone.now()
    )
    payout.next_try_at, payout.parked = None, ""
    payout.save(update_fields=["next_try_at", "parked"])


def _next_try(payout: Payout, attempt: PayoutAttempt, result: PayoutResult) -> datetime | None:
    """When to go on: None when it is over or waits for a person."""
    conf, now = get_conf(), timezone.now()
    capabilities = payout_provider(payout.provider).capabilities
    if result.outcome == Outcome.NOT_NOW:
        return now + (result.retry_after or timedelta(seconds=conf.PAYOUT_RETRY_MAX_SECONDS))
    if result.outcome == Outcome.ACCEPTED:
        return now + back_off(tries=attempt.tries) if capabilities.read_back else None
    if result.outcome not in GOES_ON or has_tried_enough(payout=payout, attempt=attempt):
        return None
    again = now + back_off(tries=attempt.tries, at_least=result.retry_after)
    if again <= attempt.created_at + capabilities.retry_window:
        return again
    # The key may be forgotten by then: it is looked up, and not before what is on its way must have arrived.
    return max(again, now + sweep_after()) if capabilities.read_back else None


def _why_parked(payout: Payout, attempt: PayoutAttempt) -> Parked:
    return Parked.TRIES if has_tried_enough(payout=payout, attempt=attempt) else Parked.WINDOW


def back_off(*, tries: int, at_least: timedelta | None = None) -> timedelta:
    """Longer after each try up to a limit, and never two at one moment."""
    conf = get_conf()
    wait = min(conf.PAYOUT_RETRY_SECONDS * 2 ** min(max(tries - 1, 0), 20), conf.PAYOUT_RETRY_MAX_SECONDS)
    spread = timedelta(seconds=wait * (0.75 + secrets.randbelow(501) / 1000))
    if at_least is None or spread >= at_least:
        return spread
    return at_least * (1 + secrets.randbelow(251) / 1000)
