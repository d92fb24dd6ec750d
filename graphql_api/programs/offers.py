"""What a programme promises: in the words that visitors read, and as facts that programs can decide by."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Annotated

import strawberry

from graphql_api.money.types import Money
from graphql_api.people.types import PersonKind
from graphql_api.rewards.types import RewardSide
from referral_blocks.core import money as core
from referral_blocks.core.errors import InvalidInput
from referral_blocks.programs import models as programs
from referral_blocks.rewards.models import RewardRule, Side, Trigger
from referral_blocks.rewards.rule import RuleFacts, reward_kind
from referral_blocks.rewards.wording import RuleWords, rule_in_words

Reader = Annotated[
    RewardSide | None,
    strawberry.argument(description="Whom the words speak to; by default the side that gets the reward."),
]


@strawberry.enum(description="What an offer waits for.")
class OfferTrigger(Enum):
    SIGN_UP = strawberry.enum_value("sign_up", description="A friend leaves their details.")
    SALE = strawberry.enum_value("sale", description="A friend buys.")
    GROUP = strawberry.enum_value("group", description="A group is complete.")
    PERIOD = strawberry.enum_value("period", description="A leaderboard period ends.")
    POINTS = strawberry.enum_value("points", description="Somebody exchanges points for it.")


@strawberry.type(description="A span of whole numbers, both ends included.")
class NumberRange:
    first: int = strawberry.field(description="The first that counts, from 1.")
    last: int | None = strawberry.field(description="The last that counts; null: every later one, too.")


@strawberry.type(description="What one side of a programme is promised.")
class Offer:
    rule: strawberry.Private[RewardRule]
    program: strawberry.Private[programs.Program]

    @strawberry.field(description="Who gets it.")
    def side(self) -> RewardSide:
        return RewardSide(self.rule.side)

    @strawberry.field(description="What people read, such as “£20 off your next clean”.")
    def title(self) -> str:
        return self.rule.title

    @strawberry.field(description="What it waits for.")
    def trigger(self) -> OfferTrigger:
        return OfferTrigger(self.rule.trigger)

    @strawberry.field(description="What it is worth; null where that depends on the purchase: see most.")
    def value(self) -> Money | None:
        least, most = self._bounds()
        return Money.of(most) if most is not None and least == most else None

    @strawberry.field(description="The least that it can be; null without such a limit.")
    def least(self) -> Money | None:
        least, _most = self._bounds()
        return Money.of(least) if least is not None else None

    @strawberry.field(description="The most that it can be; null without such a limit.")
    def most(self) -> Money | None:
        _least, most = self._bounds()
        return Money.of(most) if most is not None else None

    @strawberry.field(
        description="How much it is in words, such as “10 % of the purchase”; empty where the title says it."
    )
    def worth(self) -> str:
        return self._words(None).worth

    @strawberry.field(description="When it is earned, in words such as “with your friend’s first purchase”.")
    def earned(self, reader: Reader = None) -> str:
        return self._words(reader).earned

    @strawberry.field(description="What limits it, each in words such as “for purchases of £50.00 or more”.")
    def bounds(self, reader: Reader = None) -> list[str]:
        return list(self._words(reader).bounds)

    @strawberry.field(
        description=(
            "Which of a referrer’s friends count: 3 to 3 is a milestone, 5 to 9 a tier, 1 to null every friend; null "
            "where nobody counts them."
        )
    )
    def friends(self) -> NumberRange | None:
        counts = self.rule.side == Side.REFERRER and self.rule.trigger in (Trigger.SALE, Trigger.GROUP)
        return NumberRange(first=self.rule.friend_from, last=self.rule.friend_to) if counts else None

    @strawberry.field(description="Which of a friend’s purchases count; null where none is asked for.")
    def purchases(self) -> NumberRange | None:
        if self.rule.trigger != Trigger.SALE:
            return None
        return NumberRange(first=self.rule.sale_from, last=self.rule.sale_to)

    @strawberry.field(description="Which places of the leaderboard win; null for other triggers.")
    def places(self) -> NumberRange | None:
        if self.rule.trigger != Trigger.PERIOD:
            return None
        return NumberRange(first=self.rule.rank_from, last=self.rule.rank_to)

    @strawberry.field(description="What it costs in points; null where it is not bought with points.")
    def points_price(self) -> Money | None:
        if self.rule.trigger != Trigger.POINTS or self.rule.points_price is None:
            return None
        return Money.of(core.Money(self.rule.points_price, core.POINTS))

    @strawberry.field(description="For how many months after the friend’s first purchase; null: for good.")
    def months(self) -> int | None:
        return self.rule.months

    @strawberry.field(description="The smallest purchase that counts; null: any.")
    def minimum_purchase(self) -> Money | None:
        amount = self._asked("sale.amount", "gte")
        try:
            return Money.of(core.parse_amount(str(amount), self.program.currency)) if amount is not None else None
        except InvalidInput:
            return None

    @strawberry.field(description="Whether the friend has to be a person or a business; null: either.")
    def friend_kind(self) -> PersonKind | None:
        kind = self._asked("friend.kind", "eq")
        return PersonKind(kind) if kind in ("person", "business") else None

    @strawberry.field(description="Whether the friend must not have been a customer before.")
    def new_customers_only(self) -> bool:
        return self._asked("friend.is_new", "eq") is True

    @strawberry.field(description="How often one person gets it at most; null: without limit.")
    def limit_per_person(self) -> int | None:
        return self.rule.limit_per_person

    @strawberry.field(description="Whether all of it is given away at the moment.")
    def is_sold_out(self) -> bool:
        return self.rule.stock == 0

    def _words(self, reader: RewardSide | None) -> RuleWords:
        return rule_in_words(self.rule, program=self.program, reader=reader.value if reader else self.rule.side)

    def _bounds(self) -> tuple[core.Money | None, core.Money | None]:
        """The same twice for an amount that is known; a kind that this site no longer has says nothing."""
        amount = core.Money(self.rule.amount_minor, self.rule.currency or self.program.currency)
        try:
            return reward_kind(self.rule.kind).bounds(RuleFacts(amount, self.rule.options))
        except (KeyError, ArithmeticError, TypeError, ValueError):
            return None, None

    def _asked(self, fact: str, operator: str) -> object:
        """The value of the rule’s condition, if it has this one."""
        return next((c.value for c in self.rule.conditions.all() if (c.fact, c.operator) == (fact, operator)), None)


def offers_of(rules: Iterable[RewardRule], *, program: programs.Program) -> list[Offer]:
    """The API’s view of rules, whose conditions should be fetched already."""
    return [Offer(rule=rule, program=program) for rule in rules]
