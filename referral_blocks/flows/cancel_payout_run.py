"""A payout run is dropped as a whole: nothing more of it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.models import PayoutState
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.payouts.runs import RunTotals, lock_run, move_run, unsent_and_others

from .confirm_payout_run import CARRY_OUT_TASK

if TYPE_CHECKING:
    from django.contrib.auth.models import User

S = PayoutState
ON_THEIR_WAY = (S.SENDING, S.SENT, S.PAID, S.FAILED_RETRYABLE, S.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What cancelling a run calls back, and what stays because it is on its way or paid."""

    back: RunTotals
    kept: RunTotals


def cancel_payout_run(*, run: PayoutRun, actor: User | None, note: str) -> Cancelled | None:
    """Cancel a run: what nobody has begun to send of it is called back by the queue, one by one, and waits with its
    rewards for the next run. None when it was cancelled before. Without ``actor`` it is a system that cancels: nothing
    is paid by that, so that one is enough, whoever confirmed it.

    From the commit on no payout of it is begun; what a worker begins at the same moment stays, too. Raises InvalidInput
    with path ``note``, and NotPossibleNow when all of a confirmed run is on its way; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        lock_run(run=run)
        found = to_cancel(run=run)
        if run.state == RunState.CONFIRMED and not found.back.payouts:
            raise NotPossibleNow(_("Everything in this run is on its way or settled: nothing is left to call back."))
        if not move_run(run=run, to=RunState.CANCELLED, note=text, actor=actor):
            return None
        queue.enqueue(CARRY_OUT_TASK, run.pk)
    return found


def to_cancel(*, run: PayoutRun) -> Cancelled:
    """What cancelling the run would call back now, and what would stay."""
    back, kept = unsent_and_others(run=run, states=ON_THEIR_WAY)
    return Cancelled(back, kept)
