"""Who brought the most customers in the period that runs now, under the names that they agreed to."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from graphql_api.context import Info
from graphql_api.errors import ErrorCode, refusal
from graphql_api.programs.offers import Offer, offers_of
from graphql_api.programs.queries import Slug, program_of
from graphql_api.programs.types import Program
from graphql_api.sites import SiteHost
from graphql_api.stranger import MOST_PLACES, Stranger, stranger_of
from referral_blocks.blocks.portal_rows import Board
from referral_blocks.programs import models
from referral_blocks.rewards.models import RewardRule, Trigger

First = Annotated[int, strawberry.argument(description=f"How many places, from the first: 1 to {MOST_PLACES}.")]


@strawberry.enum(description="A span of the calendar in the programme’s time zone; weeks begin on Monday.")
class LeaderboardPeriod(Enum):
    DAY = strawberry.enum_value("day", description="A day.")
    WEEK = strawberry.enum_value("week", description="A week.")
    MONTH = strawberry.enum_value("month", description="A month.")
    YEAR = strawberry.enum_value("year", description="A year.")
    EVER = strawberry.enum_value("ever", description="The whole programme.")


@strawberry.type(description="One place; no place is shared.")
class LeaderboardPlace:
    rank: int = strawberry.field(description="From 1.")
    name: str = strawberry.field(
        description="Such as “Ana E.” where the referrer agreed to it; a word for nobody in particular otherwise."
    )
    friends: int = strawberry.field(description="Friends who became customers in the period and count.")
    prizes: list[Offer] = strawberry.field(description="What this place wins.")


@strawberry.type(description="The leaderboard of the period that runs now.")
class Leaderboard:
    board: strawberry.Private[Board]
    rules: strawberry.Private[list[RewardRule]]
    of_program: strawberry.Private[models.Program]

    @strawberry.field(description="The programme.")
    def program(self) -> Program:
        return self.of_program  # type: ignore[return-value]

    @strawberry.field(description="How long a period is.")
    def period(self) -> LeaderboardPeriod:
        return LeaderboardPeriod(self.board.period)

    @strawberry.field(description="When this period began; null for the whole programme.")
    def starts_at(self) -> datetime | None:
        return self.board.start

    @strawberry.field(description="The last moment that counts; null for the whole programme.")
    def last_moment(self) -> datetime | None:
        return self.board.last_day

    @strawberry.field(description="The places, from the first.")
    def places(self) -> list[LeaderboardPlace]:
        return [
            LeaderboardPlace(
                rank=place.rank,
                name=place.name,
                friends=place.friends,
                prizes=offers_of(
                    (rule for rule in self.rules if rule.rank_from <= place.rank <= rule.rank_to),
                    program=self.of_program,
                ),
            )
            for place in self.board.places
        ]

    @strawberry.field(description="All that can be won.")
    def prizes(self) -> list[Offer]:
        return offers_of(self.rules, program=self.of_program)


def leaderboard_of(stranger: Stranger, program: models.Program, *, limit: int, with_prizes: bool = True) -> Leaderboard:
    """The first ``limit`` places as a stranger sees them."""
    rules = stranger.rules_for(program, Trigger.PERIOD) if with_prizes else []
    return Leaderboard(
        board=stranger.board(program, limit=limit),
        rules=sorted(rules, key=lambda rule: (rule.rank_from, rule.rank_to)),
        of_program=program,
    )


@strawberry.type
class LeaderboardQuery:
    @strawberry.field(
        description=(
            "Who brought the most customers in the period that runs now; null for an unknown programme and for a draft."
        )
    )
    def leaderboard(
        self, info: Info, program: Slug = None, first: First = 10, site: SiteHost = None
    ) -> Leaderboard | None:
        if not 1 <= first <= MOST_PLACES:
            raise refusal(
                ErrorCode.BAD_USER_INPUT, _("“first” has to be between 1 and %(max)d.") % {"max": MOST_PLACES}
            )
        found = program_of(info, program, site)
        return leaderboard_of(stranger_of(info), found, limit=first) if found else None
