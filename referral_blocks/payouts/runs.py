"""Writes and reads payout runs: one draft at a time for a programme, provider and currency."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from referral_blocks.core.states import change_state, lock
from referral_blocks.programs.models import Program

from .limits import policy_of
from .models import Payout, PayoutAttempt, PayoutState
from .run import PayoutRun, PayoutRunChange, RunState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STEPS: dict[str, set[str]] = {
    RunState.DRAFT: {RunState.SECOND, RunState.CONFIRMED, RunState.CANCELLED},
    RunState.SECOND: {RunState.CONFIRMED, RunState.CANCELLED},
    RunState.CONFIRMED: {RunState.CANCELLED},  # what nobody has begun to send is called back
}
OPEN = (RunState.DRAFT, RunState.SECOND)  # not confirmed: payouts may still be taken out
SUMS: dict[str, Any] = {
    "n": Count("pk"), "people": Count("person_id", distinct=True), "total": Sum("amount_minor"),
    "largest": Max("amount_minor"),
}  # fmt: skip


def open_run(
    *,
    program: Program,
    provider: str,
    currency: str,
    cut_off_at: datetime,
    excluded: Collection[int],
    actor: User | None,
) -> tuple[PayoutRun, bool]:
    """The draft run, and whether it is new; two who ask at once get the same one."""
    same = {"program": program, "provider": provider, "currency": currency, "state": RunState.DRAFT}
    if found := PayoutRun.objects.filter(**same).first():
        return found, False
    try:
        with transaction.atomic():
            given = {"cut_off_at": cut_off_at, "excluded": sorted(excluded), "created_by": actor}
            return PayoutRun.objects.create(**same, **given), True
    except IntegrityError:
        return PayoutRun.objects.get(**same), False


def move_run(*, run: PayoutRun, to: str, reason: str = "person", note: str = "", actor: User | None = None) -> bool:
    """One allowed step of the state; False when the run is there already. Raises NotPossibleNow."""
    return change_state(run, to, allowed=STEPS, audit=PayoutRunChange, reason=reason, note=note, actor=actor)


def lock_run(*, run: PayoutRun) -> PayoutRun:
    """The run's row, read afresh and locked: after rewards, before payouts. Inside a transaction only."""
    lock(run)
    return run


def finish_gathering(*, run: PayoutRun) -> None:
    """Everything that goes with the run is in it."""
    PayoutRun.objects.filter(pk=run.pk, gathered_at=None).update(gathered_at=timezone.now())
    run.refresh_from_db()


def exclude_person(*, run: PayoutRun, person_id: int) -> None:
    """Leave the person's rewards for the next run; the caller holds the run's lock."""
    if person_id not in run.excluded:
        run.excluded = sorted({*run.excluded, person_id})
        run.save(update_fields=["excluded"])


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What a run's payouts come to, in minor units; those that were taken out do not count."""

    payouts: int = 0
    people: int = 0
    amount_minor: int = 0
    largest_minor: int = 0


def run_totals(*, run: PayoutRun) -> RunTotals:
    payouts = Payout.objects.filter(run=run).exclude(state=PayoutState.CANCELLED)
    return _totals(payouts.order_by().aggregate(**SUMS))


def counts_by_state(*, run: PayoutRun) -> dict[str, int]:
    """How many of the run's payouts are in each state."""
    rows = Payout.objects.filter(run=run).order_by("state").values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def unsent() -> QuerySet[Payout]:
    """Payouts that nobody has begun to send, or whose last try has failed for certain: those that are called back when
    their run is cancelled."""
    talking = PayoutAttempt.objects.filter(payout=OuterRef("pk"), outcome__in=PayoutAttempt.LIVE)
    waits = Q(state__in=(PayoutState.DRAFT, PayoutState.CONFIRMED))
    failed = Q(~Exists(talking), state=PayoutState.FAILED_RETRYABLE)
    return Payout.objects.filter(waits | failed).order_by("pk")


def unsent_and_others(*, run: PayoutRun, states: Collection[str]) -> tuple[RunTotals, RunTotals]:
    """What unsent() comes to in this run, and what the others do that are in one of ``states``. Asked at once: workers
    send meanwhile, and each payout is counted one time."""
    payouts = Payout.objects.filter(run=run).annotate(waits=Exists(unsent().filter(pk=OuterRef("pk"))))
    payouts = payouts.filter(Q(waits=True) | Q(state__in=states))
    found = {row["waits"]: _totals(row) for row in payouts.order_by().values("waits").annotate(**SUMS)}
    nothing = RunTotals(0, 0, 0, 0)
    return found.get(True, nothing), found.get(False, nothing)


def _totals(found: Mapping[str, Any]) -> RunTotals:
    return RunTotals(found["n"], found["people"], found["total"] or 0, found["largest"] or 0)


def asks_for_second_person(*, run: PayoutRun, totals: RunTotals) -> bool:
    """Whether the largest payout, or all of them together, is above what one person may confirm alone."""
    limit = policy_of(program_id=run.program_id, currency=run.currency).second_person_minor
    return limit is not None and max(totals.amount_minor, totals.largest_minor) > limit
