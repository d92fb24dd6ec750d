"""Finds payouts whose task was lost, whose next try is due, or that have to be looked up, and queues them."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from referral_blocks.core import queue

from .attempts import is_forgotten
from .models import Payout, PayoutAttempt, PayoutState
from .registry import is_registered, payout_provider
from .selectors import due_payouts
from .services import sweep_after


def requeue_due_payouts(*, send: str, look_up: str, limit: int) -> int:
    """Queue ``send`` or ``look_up`` (dotted paths of tasks) for each payout that is due; returns how many."""
    due = list(due_payouts(limit=limit))
    attempts = PayoutAttempt.objects.filter(payout__in=due, outcome__in=PayoutAttempt.LIVE)
    forgotten = {a.payout_id for a in attempts if is_registered(a.provider) and _has_to_be_looked_up(a)}
    count = 0
    for payout in due:
        with transaction.atomic():
            # Guarded by the old value: two sweepers at once queue it once.
            mine = Payout.objects.filter(pk=payout.pk, next_try_at=payout.next_try_at)
            if mine.update(next_try_at=timezone.now() + sweep_after()):
                queue.enqueue(look_up if _asks(payout, forgotten) else send, payout.pk)
                count += 1
    return count


def _asks(payout: Payout, forgotten: Collection[int]) -> bool:
    return payout.state == PayoutState.SENT or payout.pk in forgotten


def _has_to_be_looked_up(attempt: PayoutAttempt) -> bool:
    can = payout_provider(attempt.provider).capabilities.read_back
    return can and is_forgotten(attempt=attempt, now=timezone.now())
