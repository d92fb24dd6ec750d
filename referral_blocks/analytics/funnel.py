"""How far invitations lead: visits → friends → customers → rewarded, and what a new customer costs.

Every figure counts events of the period by their own date, so a friend of May who bought in June is a friend of May and
a customer of June. Days are days of the site (TIME_ZONE).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from referral_blocks.core.money import Money
from referral_blocks.links.models import Visit
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward, RewardChange, RewardState


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included; None leaves that side open."""

    first: date | None = None
    last: date | None = None

    def within(self, field: str) -> Q:
        """The condition that the moment in ``field`` is of this period."""
        condition = self.until(field)
        return condition & Q(**{f"{field}__gte": _midnight(self.first)}) if self.first else condition

    def until(self, field: str) -> Q:
        """The condition that the moment in ``field`` is not after this period."""
        return Q(**{f"{field}__lt": _midnight(self.last + timedelta(days=1))}) if self.last else Q()


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()), timezone.get_default_timezone())


@dataclass(frozen=True, slots=True)
class Funnel:
    """One programme's figures, or those of several together (``program`` is then None).

    ``referrers`` had joined by the end of the period, ``active_referrers`` of them brought a visit or a friend in it.
    ``costs`` are the rewards promised in it that were not cancelled, one Money a currency.
    """

    program: Program | None
    referrers: int = 0
    active_referrers: int = 0
    visits: int = 0
    friends: int = 0
    qualified: int = 0
    rewarded: int = 0
    costs: tuple[Money, ...] = ()

    @property
    def participation(self) -> Decimal | None:
        """Share of the referrers who brought a visit or a friend; None without referrers."""
        return _share(self.active_referrers, self.referrers)

    @property
    def friends_per_visit(self) -> Decimal | None:
        return _share(self.friends, self.visits)

    @property
    def qualified_per_friend(self) -> Decimal | None:
        return _share(self.qualified, self.friends)

    @property
    def rewarded_per_customer(self) -> Decimal | None:
        return _share(self.rewarded, self.qualified)

    @property
    def costs_per_customer(self) -> tuple[Money, ...]:
        """Reward cost for each new customer, half a minor unit rounded up; empty without customers."""
        n = self.qualified
        return tuple(Money((2 * m.amount_minor + n) // (2 * n), m.currency) for m in self.costs) if n else ()


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.0001")) if whole else None


def funnels(*, period: Period, program_id: int | None = None) -> list[Funnel]:
    """The figures of every programme (or of one) in the order of their names, in a constant number of queries."""
    programs = Program.objects.order_by("name", "pk")
    if program_id is not None:
        programs = programs.filter(pk=program_id)
    visits = _count(Visit.objects.filter(period.within("created_at")))
    friends = _count(Referral.objects.filter(period.within("attributed_at")))
    customers = Referral.objects.filter(period.within("qualified_at"), stage=Stage.QUALIFIED)
    qualified = _count(customers)
    referrers = _count(Referrer.objects.filter(period.until("joined_at")))
    active = _count(_active_referrers(period))
    rewarded = _rewarded(period)
    costs = _costs(period)
    return [
        Funnel(
            program=p,
            referrers=referrers[p.pk],
            active_referrers=active[p.pk],
            visits=visits[p.pk],
            friends=friends[p.pk],
            qualified=qualified[p.pk],
            rewarded=rewarded[p.pk],
            costs=tuple(costs[p.pk]),
        )
        for p in programs
    ]


def total(parts: Iterable[Funnel]) -> Funnel:
    """All of them together; costs are added up currency by currency."""
    parts = list(parts)
    costs: Counter[str] = Counter()
    for part in parts:
        for cost in part.costs:
            costs[cost.currency] += cost.amount_minor
    return Funnel(
        program=None,
        referrers=sum(p.referrers for p in parts),
        active_referrers=sum(p.active_referrers for p in parts),
        visits=sum(p.visits for p in parts),
        friends=sum(p.friends for p in parts),
        qualified=sum(p.qualified for p in parts),
        rewarded=sum(p.rewarded for p in parts),
        costs=tuple(Money(minor, currency) for currency, minor in sorted(costs.items())),
    )


def _count(rows: QuerySet[Any]) -> Counter[int]:
    """Programme id → number of rows."""
    return Counter(dict(rows.order_by().values_list("program_id").annotate(n=Count("pk"))))


def _active_referrers(period: Period) -> QuerySet[Referrer]:
    visits = Visit.objects.filter(period.within("created_at"), link__referrer=OuterRef("pk"))
    friends = Referral.objects.filter(period.within("attributed_at"), referrer=OuterRef("pk"))
    return Referrer.objects.filter(Exists(visits) | Exists(friends))


def _rewarded(period: Period) -> Counter[int]:
    """Programme id → number of friends of whom somebody received a reward."""
    issued = RewardChange.objects.filter(period.within("created_at"), field="state", to_state=RewardState.ISSUED)
    rows = issued.order_by().values_list("subject__program_id")
    return Counter(dict(rows.annotate(n=Count("subject__referral_id", distinct=True))))


def _costs(period: Period) -> dict[int, list[Money]]:
    rows = Reward.objects.filter(period.within("created_at")).exclude(state=RewardState.VOID).order_by("currency")
    costs: dict[int, list[Money]] = defaultdict(list)
    for program_id, currency, minor in rows.values_list("program_id", "currency").annotate(minor=Sum("amount_minor")):
        costs[program_id].append(Money(minor, currency))
    return costs
