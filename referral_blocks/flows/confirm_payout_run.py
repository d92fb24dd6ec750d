"""A payout run is looked at, confirmed – above a limit by two people – and its payouts are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.agent import acting_as
from referral_blocks.core.errors import Conflict, NotAllowed, NotPossibleNow
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.payouts.runs import (
    OPEN,
    RunTotals,
    asks_for_second_person,
    lock_run,
    move_run,
    run_totals,
    unsent,
)

from .cancel_payouts import call_back
from .each import for_each
from .pay_reward import release_payout
from .send_payout import lock_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CARRY_OUT_TASK = "referral_blocks.flows.tasks.carry_out_payout_run"
TWO_PEOPLE = _("Two people have to look at a run of this size. Confirm it in the admin.")
BATCH = 200  # payouts that one go releases or frees; the queue goes on with the rest


def confirm_payout_run(*, run: PayoutRun, actor: User | None, seen_minor: int | None = None) -> bool:
    """Confirm the run; above the programme's limit it then waits for a second person, who calls this, too. True when
    the payouts are on their way, False while it waits.

    ``seen_minor`` is the total that the person has looked at: when it is another by now, this raises Conflict. Raises
    NotAllowed when the second person is the first one, and NotPossibleNow for a run that is not complete, empty,
    cancelled, or confirmed before. Whoever calls has asked for the right “confirm_payout”.

    Without ``actor`` it is a system that confirms. It looks at nothing, so that its word is enough only where one
    person's would be: for a run that asks for two people it is neither of them, and this raises NotAllowed.
    """
    with transaction.atomic():
        lock_run(run=run)
        totals = _checked(run, actor, seen_minor)
        if run.state == RunState.SECOND:
            run.seconded_by = actor
            run.save(update_fields=["seconded_by"])
        else:
            second = asks_for_second_person(run=run, totals=totals)
            if second and actor is None:
                raise NotAllowed(TWO_PEOPLE)
            run.confirmed_by = actor
            run.save(update_fields=["confirmed_by"])
            if second:
                move_run(run=run, to=RunState.SECOND, actor=actor)
                return False
        move_run(run=run, to=RunState.CONFIRMED, actor=actor)
        queue.enqueue(CARRY_OUT_TASK, run.pk)
    return True


def _checked(run: PayoutRun, actor: User | None, seen_minor: int | None) -> RunTotals:
    if run.state not in OPEN:
        raise NotPossibleNow(_("This run is “%(state)s”.") % {"state": run.get_state_display()})
    if run.gathered_at is None:
        raise NotPossibleNow(_("This run is still being gathered. Wait until it is complete."))
    if run.state == RunState.SECOND and actor is None:
        raise NotAllowed(TWO_PEOPLE)
    if run.state == RunState.SECOND and actor is not None and run.confirmed_by_id == actor.pk:
        raise NotAllowed(_("You have confirmed this run. A second person has to look at it."))
    totals = run_totals(run=run)
    if not totals.payouts:
        raise NotPossibleNow(_("Nothing is left in this run."))
    if seen_minor is not None and seen_minor != totals.amount_minor:
        raise Conflict(_("The run has changed since you looked at it. Look at it again, then confirm."))
    return totals


def carry_out_payout_run(*, run_id: int) -> int:
    """Release the drafts of a confirmed run, or call back what nobody has begun to send of a cancelled one, each in its
    own transaction and in the name of whoever decided it; returns how many now. Twice, or by two at once, each is done
    once."""
    run = PayoutRun.objects.select_related("confirmed_by", "seconded_by").get(pk=run_id)
    if run.state in OPEN:
        return 0
    decided = run.changes.filter(to_state=run.state).select_related("actor").order_by("pk").last()
    actor, agent = (decided.actor, decided.agent) if decided else (None, "")
    left = unsent() if run.state == RunState.CANCELLED else Payout.objects.filter(state=PayoutState.DRAFT)
    todo = left.filter(run=run).order_by("pk")
    ids = list(todo.values_list("pk", flat=True)[:BATCH])
    with acting_as(agent):
        done = sum(for_each(ids, lambda pk: _carry_out(pk, run, actor)))
    if done and todo.exists():
        queue.enqueue(CARRY_OUT_TASK, run.pk)
    return done


def resume_payout_runs() -> int:
    """Finish runs that are confirmed or cancelled and have payouts that it was not carried out for, such as one whose
    last try was under way when its run was cancelled, and failed; returns how many were done."""
    released = Payout.objects.filter(run__state=RunState.CONFIRMED, state=PayoutState.DRAFT)
    called_back = unsent().filter(run__state=RunState.CANCELLED)
    stuck = {pk for payouts in (released, called_back) for pk in payouts.order_by().values_list("run", flat=True)}
    return sum(for_each(sorted(filter(None, stuck)), lambda pk: carry_out_payout_run(run_id=pk)))


def _carry_out(payout_id: int, run: PayoutRun, actor: User | None) -> bool:
    with transaction.atomic():
        if run.state == RunState.CANCELLED:
            return call_back(payout_id=payout_id, reason="run_cancelled", actor=actor)
        payout = lock_payout(payout_id=payout_id)
        # Read with the payout: the run may be cancelled by now.
        if payout.state != PayoutState.DRAFT or payout.run is None or payout.run.state != RunState.CONFIRMED:
            return False
        release_payout(payout=payout, actor=run.seconded_by or run.confirmed_by)
    return True
