"""What happened in a programme day by day, week by week or month by month, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, DateField, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.links.models import Visit
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward, RewardChange, RewardState

from .funnel import Period

MOST = 400  # a year of days and some


class Step(StrEnum):
    DAY = "day"
    WEEK = "week"  # from Monday to Sunday, as ISO 8601 has it
    MONTH = "month"


TRUNC = {Step.DAY: TruncDay, Step.WEEK: TruncWeek, Step.MONTH: TruncMonth}


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened from ``first`` to ``last``, both included; the meaning of each figure is that of Funnel."""

    first: date
    last: date
    joined: int = 0
    visits: int = 0
    friends: int = 0
    qualified: int = 0
    rewarded: int = 0
    costs: tuple[Money, ...] = ()


def truncated(field: str, step: Step) -> Any:
    """The first day of the step that the moment in ``field`` is in, in the site's own time."""
    return TRUNC[step](field, tzinfo=timezone.get_default_timezone(), output_field=DateField())


def buckets(*, program: Program, first: date, last: date, step: Step) -> list[Bucket]:
    """Every step from ``first`` to ``last``, the empty ones too; the first and last are cut off where the stretch ends.

    Raises InvalidInput: ``invalid_range`` (path ``last``), ``out_of_range`` for more than MOST steps.
    """
    if last < first:
        raise InvalidInput(_("The end is before the beginning."), code="invalid_range", path=("last",))
    steps = _steps(first, last, step)
    period = Period(first, last)
    here = {"program": program}
    joined = _counted(Referrer.objects.filter(period.within("joined_at"), **here), "joined_at", step)
    visits = _counted(Visit.objects.filter(period.within("created_at"), **here), "created_at", step)
    friends = _counted(Referral.objects.filter(period.within("attributed_at"), **here), "attributed_at", step)
    customers = Referral.objects.filter(period.within("qualified_at"), stage=Stage.QUALIFIED, **here)
    qualified = _counted(customers, "qualified_at", step)
    issued = RewardChange.objects.filter(
        period.within("created_at"), field="state", to_state=RewardState.ISSUED, subject__program=program
    )
    rewarded = _counted(issued, "created_at", step, Count("subject__referral_id", distinct=True))
    costs = _costs(program, period, step)
    return [
        Bucket(
            first=max(start, first),
            last=min(end, last),
            joined=joined.get(start, 0),
            visits=visits.get(start, 0),
            friends=friends.get(start, 0),
            qualified=qualified.get(start, 0),
            rewarded=rewarded.get(start, 0),
            costs=tuple(costs.get(start, ())),
        )
        for start, end in steps
    ]


def _steps(first: date, last: date, step: Step) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for pair in _from(first, step):
        if pair[0] > last:
            return found
        if len(found) == MOST:
            raise InvalidInput(
                _("Ask for at most %(max)d steps at once.") % {"max": MOST}, code="out_of_range", path=("first",)
            )
        found.append(pair)
    return found


def _from(day: date, step: Step) -> Iterator[tuple[date, date]]:
    """First and last day of each step from the one on that ``day`` is in."""
    if step == Step.WEEK:
        day -= timedelta(days=day.weekday())
    elif step == Step.MONTH:
        day = day.replace(day=1)
    while True:
        if step == Step.MONTH:
            following = (day + timedelta(days=31)).replace(day=1)
        else:
            following = day + timedelta(days=7 if step == Step.WEEK else 1)
        yield day, following - timedelta(days=1)
        day = following


def _counted(rows: QuerySet[Any], field: str, step: Step, what: Count | None = None) -> dict[date, int]:
    found = rows.order_by().annotate(start=truncated(field, step)).values_list("start")
    return dict(found.annotate(n=what or Count("pk")))


def _costs(program: Program, period: Period, step: Step) -> dict[date, list[Money]]:
    promised = Reward.objects.filter(period.within("created_at"), program=program).exclude(state=RewardState.VOID)
    rows = promised.order_by("currency").annotate(start=truncated("created_at", step)).values_list("start", "currency")
    costs: dict[date, list[Money]] = defaultdict(list)
    for start, currency, minor in rows.annotate(minor=Sum("amount_minor")):
        costs[start].append(Money(minor, currency))
    return costs
