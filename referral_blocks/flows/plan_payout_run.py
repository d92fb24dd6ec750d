"""Staff gather approved rewards into the payouts of one run, which stay drafts until the run is confirmed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import InvalidInput, NotPossibleNow, gathering
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.payouts.runs import finish_gathering, lock_run, open_run
from referral_blocks.programs.models import Program
from referral_blocks.rewards.locks import lock_rewards

from .each import for_each
from .gather_rewards import Gathering, Wanted, gather
from .pay_reward import draft_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User

GATHER_TASK = "referral_blocks.flows.tasks.gather_payout_run"
PEOPLE = 200  # whose rewards one go takes; the queue goes on with the rest
STALE = timedelta(minutes=5)  # whoever gathers has died


def preview_payout_run(
    *,
    program: Program,
    provider: str,
    cut_off_at: datetime | None = None,
    exclude: Collection[int] = (),
    currency: str = "",
) -> Gathering:
    """What a run would hold now, and what would stay and why; nothing is written.

    ``exclude`` are ids of people. Raises InvalidInput (paths ``provider``, ``cutOffAt``).
    """
    return gather(wanted=_wanted(program, provider, cut_off_at, exclude, currency))


def plan_payout_run(
    *,
    program: Program,
    provider: str,
    cut_off_at: datetime | None = None,
    exclude: Collection[int] = (),
    currency: str = "",
    actor: User | None,
) -> PayoutRun:
    """Gather everything that is ready into one draft run, each person's payouts in a transaction of their own.

    A large run is gathered on in the background: it is complete when ``gathered_at`` is set. While there is a draft
    run of the same programme, provider and currency, that one is returned as it is. Raises InvalidInput (paths
    ``provider``, ``cutOffAt``) and NotPossibleNow when nothing is ready; then nothing is written.
    """
    wanted = _wanted(program, provider, cut_off_at, exclude, currency)
    if not gather(wanted=wanted).payouts and not _draft_exists(wanted):
        raise NotPossibleNow(_("No reward is ready for a run with these choices."))
    run, _new = open_run(
        program=program,
        provider=provider,
        currency=wanted.currency,
        cut_off_at=wanted.cut_off_at,
        excluded=wanted.excluded,
        actor=actor,
    )
    gather_on(run_id=run.pk)
    run.refresh_from_db()
    return run


def gather_on(*, run_id: int) -> bool:
    """Draft the payouts of the next people; True when the run is complete. Twice, or by two at once, drafts nothing
    twice: whoever comes second finds the rewards claimed."""
    run = PayoutRun.objects.select_related("program", "created_by").get(pk=run_id)
    if run.state != RunState.DRAFT or run.gathered_at is not None:
        return True
    wanted = wanted_by(run)
    people = list(dict.fromkeys(planned.person.pk for planned in gather(wanted=wanted).payouts))
    done = list(for_each(people[:PEOPLE], lambda person_id: _draft(run, person_id)))
    # One that failed is logged and left for the next run: asking again at once would go on for ever.
    if len(people) > PEOPLE and any(done):
        queue.enqueue(GATHER_TASK, run.pk)
        return False
    finish_gathering(run=run)
    return True


def resume_gathering() -> int:
    """Go on with the runs whose gathering was cut short; returns how many."""
    late = timezone.now() - STALE
    ids = PayoutRun.objects.filter(state=RunState.DRAFT, gathered_at=None, created_at__lt=late)
    return sum(1 for _done in for_each(ids.values_list("pk", flat=True), lambda pk: gather_on(run_id=pk)))


def wanted_by(run: PayoutRun) -> Wanted:
    return Wanted(run.program, run.provider, run.currency, run.cut_off_at, frozenset(run.excluded))


def _draft(run: PayoutRun, person_id: int) -> int:
    """The person's payouts; returns how many. Rewards are looked at again under their locks: what was cancelled, shrunk
    or claimed meanwhile counts as it is now."""
    with transaction.atomic():
        seen = gather(wanted=wanted_by(run), person_ids=[person_id])
        lock_rewards(ids=[reward.pk for planned in seen.payouts for reward in planned.rewards])
        now = lock_run(run=PayoutRun.objects.select_related("program", "created_by").get(pk=run.pk))
        if now.state != RunState.DRAFT or now.gathered_at is not None:
            return 0
        locked = {reward.pk for planned in seen.payouts for reward in planned.rewards}
        sure = gather(wanted=wanted_by(now), person_ids=[person_id])
        payouts = [planned for planned in sure.payouts if locked.issuperset(r.pk for r in planned.rewards)]
        for planned in payouts:
            draft_payout(rewards=planned.rewards, run=now, actor=now.created_by)
    return len(payouts)


def _wanted(
    program: Program, provider: str, cut_off_at: datetime | None, exclude: Collection[int], currency: str
) -> Wanted:
    now = timezone.now()
    with gathering() as mistakes:
        with mistakes.check():
            _require_provider(provider)
        with mistakes.check():
            if cut_off_at is not None and cut_off_at > now:
                raise InvalidInput(_("The cut-off has not come yet."), code="in_future", path=("cutOffAt",))
    return Wanted(program, provider, currency or program.currency, cut_off_at or now, frozenset(exclude))


def _require_provider(provider: str) -> None:
    if not is_registered(provider):
        raise InvalidInput(_("There is no such way of paying."), code="unknown_method", path=("provider",))
    if payout_provider(provider).capabilities.in_house:
        raise InvalidInput(
            _("These rewards do not leave the house: they need no run."), code="not_used", path=("provider",)
        )


def _draft_exists(wanted: Wanted) -> bool:
    same = {"program": wanted.program, "provider": wanted.provider, "currency": wanted.currency}
    return PayoutRun.objects.filter(**same, state=RunState.DRAFT).exists()
