"""A payout run that is not confirmed is dropped as a whole: nothing of it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks.core import queue
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.payouts.runs import RunTotals, lock_run, move_run, run_totals

from .confirm_payout_run import CARRY_OUT_TASK

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def cancel_payout_run(*, run: PayoutRun, actor: User | None, note: str) -> RunTotals | None:
    """Cancel a run that is not confirmed, also one that waits for a second person: its payouts are cancelled by the
    queue, announced one by one, and its rewards wait for the next run. What its payouts came to; None when it was
    cancelled before. Without ``actor`` it is a system that cancels: nothing is paid by that, so that one is enough.

    Raises InvalidInput with path ``note``, and NotPossibleNow once the run is confirmed; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        lock_run(run=run)
        totals = run_totals(run=run)
        if not move_run(run=run, to=RunState.CANCELLED, note=text, actor=actor):
            return None
        queue.enqueue(CARRY_OUT_TASK, run.pk)
    return totals
