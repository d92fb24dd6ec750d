"""A programme's figures: the funnel with its rates and costs, step by step, and cohorts of referrers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry
from django.utils import timezone
from django.utils.translation import gettext as _
from graphql import GraphQLError

from graphql_api.access.scopes import NeedsScope
from graphql_api.context import Info
from graphql_api.errors import ErrorCode, refusal
from graphql_api.money.types import Money
from graphql_api.permissions import require_scope
from referral_blocks.access.models import Scope
from referral_blocks.analytics import cohorts as cohorts_
from referral_blocks.analytics import funnel as funnel_
from referral_blocks.analytics.buckets import MOST, Step, buckets
from referral_blocks.core import money as core
from referral_blocks.core.errors import DomainError
from referral_blocks.programs.models import Program as ProgramModel
from referral_blocks.programs.selectors import program_by_slug

DAYS = 30  # when nothing else is asked for
FIRST_YEAR, LAST_YEAR = 1970, 2200  # others cannot be converted between time zones everywhere


@strawberry.enum(description="How long each step of the figures is.")
class StatisticsStep(Enum):
    DAY = strawberry.enum_value("day", description="A day.")
    WEEK = strawberry.enum_value("week", description="A week, from Monday to Sunday.")
    MONTH = strawberry.enum_value("month", description="A month.")


@strawberry.type(description="How far invitations lead, over one stretch of time; each figure counts by its own date.")
class Funnel:
    referrers: int = strawberry.field(description="Referrers who had joined by its end.")
    active_referrers: int = strawberry.field(description="Those of them who brought a visit or a friend in it.")
    visits: int = strawberry.field(description="Visits through links.")
    friends: int = strawberry.field(description="Friends who left their details.")
    qualified: int = strawberry.field(description="Friends who became customers.")
    rewarded: int = strawberry.field(description="Friends of whom somebody received a reward.")
    participation: float | None = strawberry.field(
        description="Share of the referrers who are active, from 0 to 1; null without referrers."
    )
    friends_per_visit: float | None = strawberry.field(description="Friends by visits; null without visits.")
    qualified_per_friend: float | None = strawberry.field(description="Customers by friends; null without friends.")
    rewarded_per_customer: float | None = strawberry.field(
        description="Rewarded friends by customers; null without customers."
    )
    costs: list[Money] = strawberry.field(description="Rewards promised and not cancelled, one amount a currency.")
    costs_per_customer: list[Money] = strawberry.field(
        description="What a new customer costs in rewards, one amount a currency; empty without customers."
    )


@strawberry.type(description="What happened in one step of time.")
class StatisticsBucket:
    first_day: date = strawberry.field(description="Its first day.")
    last_day: date = strawberry.field(description="Its last day.")
    joined: int = strawberry.field(description="Referrers who joined.")
    visits: int = strawberry.field(description="Visits through links.")
    friends: int = strawberry.field(description="Friends who left their details.")
    qualified: int = strawberry.field(description="Friends who became customers.")
    rewarded: int = strawberry.field(description="Friends of whom somebody received a reward.")
    costs: list[Money] = strawberry.field(description="Rewards promised and not cancelled, one amount a currency.")


@strawberry.type(description="What a cohort brought in one month of its life.")
class CohortMonth:
    number: int = strawberry.field(description="Months since they joined; 0 is the month itself.")
    friends: int = strawberry.field(description="Friends who left their details.")
    qualified: int = strawberry.field(description="Friends who became customers.")


@strawberry.type(description="The referrers who joined in one month, and what they have brought since.")
class Cohort:
    month: date = strawberry.field(description="The first day of the month in which they joined.")
    referrers: int = strawberry.field(description="How many they are.")
    active: int = strawberry.field(description="How many of them have brought a friend.")
    friends: int = strawberry.field(description="Friends who left their details.")
    qualified: int = strawberry.field(description="Friends who became customers.")
    costs: list[Money] = strawberry.field(description="Rewards of both sides that came of it and were not cancelled.")
    months: list[CohortMonth] = strawberry.field(description="Month by month; those without anything are left out.")


@strawberry.type(description="One programme’s figures over one stretch of time. Days are days of the site.")
class Statistics:
    program: strawberry.Private[ProgramModel]
    first_day: date = strawberry.field(description="The first day that counts.")
    last_day: date = strawberry.field(description="The last day that counts.")

    @strawberry.field(description="All of it together.")
    def funnel(self) -> Funnel:
        (found,) = funnel_.funnels(period=funnel_.Period(self.first_day, self.last_day), program_id=self.program.pk)
        return Funnel(
            referrers=found.referrers,
            active_referrers=found.active_referrers,
            visits=found.visits,
            friends=found.friends,
            qualified=found.qualified,
            rewarded=found.rewarded,
            participation=_rate(found.participation),
            friends_per_visit=_rate(found.friends_per_visit),
            qualified_per_friend=_rate(found.qualified_per_friend),
            rewarded_per_customer=_rate(found.rewarded_per_customer),
            costs=_amounts(found.costs),
            costs_per_customer=_amounts(found.costs_per_customer),
        )

    @strawberry.field(description=f"Step by step, the empty ones too; at most {MOST}.")
    def buckets(
        self,
        step: Annotated[StatisticsStep, strawberry.argument(description="How long each step is.")] = StatisticsStep.DAY,
    ) -> list[StatisticsBucket]:
        try:
            found = buckets(program=self.program, first=self.first_day, last=self.last_day, step=Step(step.value))
        except DomainError as error:
            raise _bad(error) from None
        return [
            StatisticsBucket(
                first_day=one.first,
                last_day=one.last,
                joined=one.joined,
                visits=one.visits,
                friends=one.friends,
                qualified=one.qualified,
                rewarded=one.rewarded,
                costs=_amounts(one.costs),
            )
            for one in found
        ]

    @strawberry.field(
        description=(
            f"Referrers by the month in which they joined, the newest {cohorts_.MOST} cohorts, the oldest of them "
            "first, over the programme’s whole life."
        )
    )
    def cohorts(self) -> list[Cohort]:
        return [
            Cohort(
                month=one.month,
                referrers=one.referrers,
                active=one.active,
                friends=one.friends,
                qualified=one.qualified,
                costs=_amounts(one.costs),
                months=[CohortMonth(number=m.number, friends=m.friends, qualified=m.qualified) for m in one.months],
            )
            for one in cohorts_.cohorts(program=self.program)
        ]


def _rate(share: Decimal | None) -> float | None:
    return None if share is None else float(share)


def _amounts(given: Iterable[core.Money]) -> list[Money]:
    return [Money.of(amount) for amount in given]


def _bad(error: DomainError) -> GraphQLError:
    return refusal(ErrorCode.BAD_USER_INPUT, str(error.message))


@strawberry.type
class AnalyticsServer:
    @strawberry.field(
        description="A programme’s figures; null for a programme that is unknown here.",
        extensions=[NeedsScope(Scope.STATISTICS_READ)],
    )
    def statistics(
        self,
        info: Info,
        program: Annotated[str, strawberry.argument(description="The programme’s slug.")],
        first_day: Annotated[
            date | None, strawberry.argument(description=f"The first day; by default {DAYS} days with the last one.")
        ] = None,
        last_day: Annotated[date | None, strawberry.argument(description="The last day; by default today.")] = None,
    ) -> Statistics | None:
        worker = require_scope(info.context, Scope.STATISTICS_READ)
        try:
            found = program_by_slug(site_id=worker.site_id, slug=program)
        except DomainError:
            return None
        until = last_day or timezone.localdate(timezone=timezone.get_default_timezone())
        if not all(FIRST_YEAR <= day.year <= LAST_YEAR for day in (until, first_day or until)):
            raise refusal(
                ErrorCode.BAD_USER_INPUT,
                _("Give days from the year %(first)d to %(last)d.") % {"first": FIRST_YEAR, "last": LAST_YEAR},
            )
        if first_day and first_day > until:
            raise refusal(ErrorCode.BAD_USER_INPUT, _("The end is before the beginning."))
        return Statistics(program=found, first_day=first_day or until - timedelta(days=DAYS - 1), last_day=until)
