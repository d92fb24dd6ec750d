"""What a look-up in the provider's books changes: the only way on for a payout whose key may be forgotten."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from referral_blocks.core.conf import get_conf

from .attempts import GOES_ON, back_off, is_forgotten, lease, note_late, take_lease
from .models import Parked, Payout, PayoutAttempt, PayoutState
from .provider import Outcome, PayoutResult
from .registry import payout_provider
from .services import move_payout, park, times_resumed

logger = logging.getLogger(__name__)
S = PayoutState
UNSURE = (S.SENDING, S.FAILED_RETRYABLE, S.UNKNOWN)
# A message about these is looked into, too: what was paid may have come back, and what was settled as not paid, by a
# person or by calling it back, may be there after all.
SETTLED = (S.SENT, S.PAID, S.FAILED_FINAL)
IS_THERE = (Outcome.PAID, Outcome.ACCEPTED, Outcome.RETURNED)
LOOK_UPS = 2  # look-ups go on until there were so many times PAYOUT_MAX_TRIES tries in all


def claim_look_up(*, payout: Payout) -> PayoutAttempt | None:
    """Take the lease of the payout's newest attempt to ask the provider's books about it, committed; None when there is
    nothing to ask, or while somebody talks. Call it outside any transaction."""
    with transaction.atomic():
        payout = Payout.objects.select_for_update(of=("self",)).get(pk=payout.pk)
        attempt = PayoutAttempt.objects.filter(payout=payout).order_by("-pk").first()
        if attempt is None or payout.parked or not payout_provider(attempt.provider).capabilities.read_back:
            return None
        if payout.state in UNSURE and attempt.outcome in PayoutAttempt.LIVE:
            if _has_looked_enough(payout, attempt) and (attempt.leased_until or timezone.now()) <= timezone.now():
                park(payout=payout, why=Parked.WINDOW)  # what was found could not even be written down
                return None
            taken = take_lease(attempt=attempt) or (payout.state != S.SENDING and _take_from_nobody(attempt))
        else:
            taken = payout.state in SETTLED and take_lease(attempt=attempt)
        if not taken:
            return None
    attempt.refresh_from_db()
    return attempt


def _take_from_nobody(attempt: PayoutAttempt) -> bool:
    """Its lease only keeps the next try from coming too early: a look-up may go first."""
    same = PayoutAttempt.objects.filter(pk=attempt.pk, tries=attempt.tries)
    return bool(same.update(leased_until=timezone.now() + lease(), tries=F("tries") + 1))


def record_look_up(*, attempt: PayoutAttempt, result: PayoutResult) -> Outcome | None:
    """Write what the books say and move the payout; in the caller's transaction, which holds the payout's lock. Returns
    the outcome whose consequences are to follow, None when there are none.

    A payout that the books do not have is free for a new attempt only once its key is forgotten: before that, what is
    on its way might still arrive, and the same key is safe.
    """
    payout = attempt.payout
    mine = PayoutAttempt.objects.filter(pk=attempt.pk, tries=attempt.tries)
    if not mine.update(leased_until=None):
        note_late(payout=payout, result=result)
        return None
    attempt.leased_until = None
    if payout.state in UNSURE and attempt.outcome in PayoutAttempt.LIVE:
        return _settle_unsure(payout, attempt, result)
    if payout.state == S.SENT:
        return _settle_sent(payout, attempt, result)
    if payout.state == S.PAID:
        return _check_paid(payout, attempt, result)
    if payout.state != S.FAILED_FINAL or result.outcome in IS_THERE:
        note_late(payout=payout, result=result)
    return None


def _settle_unsure(payout: Payout, attempt: PayoutAttempt, result: PayoutResult) -> Outcome | None:
    if result.outcome in (Outcome.PAID, Outcome.ACCEPTED, Outcome.RETURNED):
        _close(attempt, result)
        # What came back has been paid before: both steps are written.
        state = S.SENT if result.outcome == Outcome.ACCEPTED else S.PAID
        _move(payout, state, result, again=_poll_at(attempt) if state == S.SENT else None)
        return result.outcome
    if result.outcome == Outcome.FAILED_FINAL and is_forgotten(attempt=attempt, now=timezone.now()):
        _close(attempt, replace(result, provider_ref=""))
        _move(payout, S.FAILED_RETRYABLE, result, again=timezone.now())
        return None
    _go_on(payout, attempt, result)
    return None


def _settle_sent(payout: Payout, attempt: PayoutAttempt, result: PayoutResult) -> Outcome | None:
    if result.outcome in (Outcome.PAID, Outcome.FAILED_FINAL, Outcome.RETURNED):
        _close(attempt, result)
        state = {Outcome.PAID: S.PAID, Outcome.FAILED_FINAL: S.FAILED_FINAL, Outcome.RETURNED: S.PAID}[result.outcome]
        _move(payout, state, result, again=None)
        return result.outcome
    payout.next_try_at = _poll_at(attempt)
    payout.save(update_fields=["next_try_at"])
    return None


def _check_paid(payout: Payout, attempt: PayoutAttempt, result: PayoutResult) -> Outcome | None:
    if result.outcome == Outcome.RETURNED:
        if not payout.reversals.exists():
            _close(attempt, result)
            return Outcome.RETURNED
        if payout.reversed_minor < payout.amount_minor:
            logger.error("Payout %s came back, and part of it by our own hand: a person has to look", payout.public_id)
    elif result.outcome == Outcome.FAILED_FINAL:
        logger.error("Payout %s is paid, but the books of %s do not have it", payout.public_id, payout.provider)
    return None


def _go_on(payout: Payout, attempt: PayoutAttempt, result: PayoutResult) -> None:
    """The books cannot tell, or say nothing that is final: later again, with the same key while that is safe."""
    if payout.state == S.SENDING:
        move_payout(payout=payout, to=S.UNKNOWN, reason=f"books:{result.outcome}"[:40], note=result.message)
    if _has_looked_enough(payout, attempt):
        park(payout=payout, why=Parked.WINDOW)
        return
    payout.next_try_at = _later(attempt, result)
    payout.save(update_fields=["next_try_at"])
    PayoutAttempt.objects.filter(pk=attempt.pk).update(leased_until=payout.next_try_at)


def _has_looked_enough(payout: Payout, attempt: PayoutAttempt) -> bool:
    most = LOOK_UPS * get_conf().PAYOUT_MAX_TRIES
    return attempt.tries >= most and attempt.tries >= most * (1 + times_resumed(payout=payout))


def _later(attempt: PayoutAttempt, result: PayoutResult) -> datetime:
    at_least = result.retry_after if result.outcome in GOES_ON else None
    return timezone.now() + back_off(tries=attempt.tries, at_least=at_least)


def _poll_at(attempt: PayoutAttempt) -> datetime:
    return timezone.now() + max(back_off(tries=attempt.tries), timedelta(seconds=1))


def _close(attempt: PayoutAttempt, result: PayoutResult) -> None:
    attempt.outcome, attempt.finished_at = str(result.outcome), timezone.now()
    attempt.provider_ref = result.provider_ref or attempt.provider_ref
    attempt.response = dict(result.response) or attempt.response
    attempt.save(update_fields=["outcome", "finished_at", "provider_ref", "response"])


def _move(payout: Payout, state: PayoutState, result: PayoutResult, *, again: datetime | None) -> None:
    move_payout(payout=payout, to=state, reason=f"books:{result.outcome}"[:40], note=result.message)
    payout.provider_ref = result.provider_ref or payout.provider_ref
    payout.next_try_at, payout.parked = again, ""
    payout.save(update_fields=["next_try_at", "parked", "provider_ref"])
