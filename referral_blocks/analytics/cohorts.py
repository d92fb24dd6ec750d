"""Referrers by the month in which they joined: what they have brought since, month by month, in five queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce

from referral_blocks.core.money import Money
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward, RewardState

from .buckets import Step, truncated

MOST = 60  # cohorts, the newest


@dataclass(frozen=True, slots=True)
class CohortMonth:
    """``number`` counts the months since they joined; 0 is the month itself."""

    number: int
    friends: int
    qualified: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """``active`` of the ``referrers`` have brought a friend; ``costs`` are the rewards, of both sides, that were
    promised for what they brought and not cancelled."""

    month: date
    referrers: int
    active: int
    friends: int
    qualified: int
    costs: tuple[Money, ...]
    months: tuple[CohortMonth, ...]


def cohorts(*, program: Program) -> list[Cohort]:
    """The newest cohorts, the oldest of them first; months without anything are left out of ``months``."""
    joined = truncated("joined_at", Step.MONTH)
    members = Referrer.objects.filter(program=program).order_by().annotate(cohort=joined).values_list("cohort")
    sizes = dict(members.annotate(n=Count("pk")).order_by("-cohort")[:MOST])
    referrals = Referral.objects.filter(program=program)
    friends = _by_month(referrals, "attributed_at")
    qualified = _by_month(referrals.filter(stage=Stage.QUALIFIED, qualified_at__isnull=False), "qualified_at")
    by_cohort = referrals.order_by().annotate(cohort=truncated("referrer__joined_at", Step.MONTH)).values_list("cohort")
    active = dict(by_cohort.annotate(n=Count("referrer_id", distinct=True)))
    costs = _costs(program)
    return [
        Cohort(
            month=month,
            referrers=size,
            active=active.get(month, 0),
            friends=sum(friends[month].values()),
            qualified=sum(qualified[month].values()),
            costs=tuple(costs[month]),
            months=tuple(
                CohortMonth(number, friends[month].get(number, 0), qualified[month].get(number, 0))
                for number in sorted({*friends[month], *qualified[month]})
            ),
        )
        for month, size in sorted(sizes.items())
    ]


def _by_month(rows: QuerySet[Referral], field: str) -> dict[date, dict[int, int]]:
    """Cohort → months since → how many."""
    found: dict[date, dict[int, int]] = defaultdict(dict)
    cells: Any = rows.order_by().annotate(
        cohort=truncated("referrer__joined_at", Step.MONTH), month=truncated(field, Step.MONTH)
    )
    for cohort, month, n in cells.values_list("cohort", "month").annotate(n=Count("pk")):
        found[cohort][(month.year - cohort.year) * 12 + month.month - cohort.month] = n
    return found


def _costs(program: Program) -> dict[date, list[Money]]:
    """A friend's reward counts with the referrer who brought the friend."""
    rows: Any = Reward.objects.filter(program=program).exclude(state=RewardState.VOID).order_by("currency")
    rows = rows.annotate(since=Coalesce(F("referrer__joined_at"), F("referral__referrer__joined_at")))
    rows = rows.exclude(since=None).annotate(cohort=truncated("since", Step.MONTH)).values_list("cohort", "currency")
    costs: dict[date, list[Money]] = defaultdict(list)
    for cohort, currency, minor in rows.annotate(minor=Sum("amount_minor")):
        costs[cohort].append(Money(minor, currency))
    return costs
