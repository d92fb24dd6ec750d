"""How a referrer is doing, and what comes next."""

from __future__ import annotations

import strawberry

from graphql_api.connections import MAX_PAGE
from graphql_api.money.types import Money
from referral_blocks.analytics.standing import Standing as Figures
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.milestones import reached_milestones
from referral_blocks.rewards.models import Side, Trigger
from referral_blocks.rewards.selectors import active_rules


@strawberry.type(description="A number of friends from which something is promised.")
class Milestone:
    friend_number: int = strawberry.field(description="How many friends have to be customers.")
    title: str = strawberry.field(description="What is promised, such as “A mug”.")
    missing: int = strawberry.field(description="How many friends are still missing; 0 when it is reached.")
    is_reached: bool = strawberry.field(
        description="Whether it is reached. One that was stays so, although a friend falls away later."
    )


@strawberry.type(description="How a referrer is doing, in one programme.")
class Standing:
    visits: int = strawberry.field(description="Visits through their links.")
    friends: int = strawberry.field(description="Friends who left their details.")
    qualified: int = strawberry.field(description="Friends who are customers now and count.")
    pending: Money = strawberry.field(description="Rewards on their way.")
    earned: Money = strawberry.field(description="Rewards received.")
    next_milestone: Milestone | None = strawberry.field(
        description="The next number of friends from which something is promised, be it the first; null: none."
    )

    @classmethod
    def of(cls, now: Figures) -> Standing:
        coming = now.next_milestone
        return cls(
            visits=now.visits,
            friends=now.friends,
            qualified=now.qualified,
            pending=Money.of(now.pending),
            earned=Money.of(now.earned),
            next_milestone=coming
            and Milestone(
                friend_number=coming.friend_number, title=coming.title, missing=coming.missing, is_reached=False
            ),
        )


def milestones_of(referrer: Referrer, now: Figures) -> list[Milestone]:
    """The numbers of friends from which the programme promises more, nearest first; empty where every friend brings the
    same. Three queries at most."""
    rules = active_rules(program_id=referrer.program_id).filter(side=Side.REFERRER, trigger=Trigger.SALE)
    rungs = list(rules.order_by("friend_from", "pk")[:MAX_PAGE])
    if max((rule.friend_from for rule in rungs), default=1) == 1:
        return []
    reached = reached_milestones(program_id=referrer.program_id, person_id=referrer.person_id)
    shown = []
    for rule in rungs:
        done = rule.pk in reached or rule.friend_from <= now.qualified
        missing = 0 if done else rule.friend_from - now.qualified
        shown.append(Milestone(friend_number=rule.friend_from, title=rule.title, missing=missing, is_reached=done))
    return shown
