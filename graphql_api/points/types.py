"""A referrer's points: how many, which go when, and what they can be exchanged for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

import strawberry
import strawberry_django
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from strawberry import relay
from strawberry.relay.utils import to_base64

from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.money.types import Money
from graphql_api.scalars import BigInt
from graphql_api.signed_in import Own, pairs_of
from referral_blocks.blocks.portal_forms import next_exchange
from referral_blocks.core.money import POINTS
from referral_blocks.core.money import Money as Amount
from referral_blocks.flows.return_points import EXCHANGE
from referral_blocks.ledger import models
from referral_blocks.ledger.points import next_to_expire, spendable, usable_lots
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward, RewardRule, RewardState
from referral_blocks.rewards.selectors import points_offers

from .statement import After, Before, First, Last, StatementLineConnection, statement_of

GONE = (RewardState.VOID, RewardState.EXPIRED)


@strawberry.type(description="Points that are lost at one moment.")
class ExpiringPoints:
    points: BigInt = strawberry.field(description="How many.")
    at: datetime = strawberry.field(description="When.")


@strawberry_django.type(models.PointsLot, only=["left"], description="Points that came together and expire together.")
class PointsLot(Own, relay.Node):
    _id_attr = "pk"
    points: BigInt = strawberry_django.field(description="How many came.")
    left: BigInt = strawberry_django.field(description="How many of them are left.")
    created_at: datetime = strawberry_django.field(description="When they came.")
    expires_at: datetime | None = strawberry_django.field(description="When what is left is lost; null: never.")

    @classmethod
    def own(cls, referrers: list[Referrer]) -> Q:
        return pairs_of(referrers)

    @classmethod
    def reachable(cls, info: Info) -> QuerySet[models.PointsLot]:
        """What can be used, for the root field node."""
        in_time = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return models.PointsLot.objects.filter(in_time, left__gt=0)


@strawberry.type(description="Something that points can be exchanged for.")
class PointsOffer:
    id: strawberry.ID = strawberry.field(description="Names it in exchangePoints.")
    title: str = strawberry.field(description="What people read.")
    value: Money = strawberry.field(description="What it is worth.")
    price: BigInt = strawberry.field(description="What it costs, in points.")
    missing: BigInt = strawberry.field(description="How many points the referrer lacks for it; 0: none.")
    stock: int | None = strawberry.field(description="How many are left; null: no limit.")
    can_exchange: bool = strawberry.field(description="Whether exchangePoints would give it now.")
    exchange_id: strawberry.ID = strawberry.field(
        description="Send it with exchangePoints: it changes with each exchange of this offer, so that what was sent "
        "twice is done once."
    )


@strawberry.type(description="A referrer’s points in one programme.")
class Points:
    referrer: strawberry.Private[Referrer]

    @strawberry.field(description="How many can be used now.")
    def balance(self) -> BigInt:
        return BigInt(self._left)

    @strawberry.field(description="What is lost next if it is not used; null when nothing has a date.")
    def next_to_expire(self) -> ExpiringPoints | None:
        coming = next_to_expire(**self._owner())
        return ExpiringPoints(points=BigInt(coming[0]), at=coming[1]) if coming else None

    @strawberry_django.connection(
        Pages[PointsLot],
        description=f"What can be used, in the order in which it is: what expires first; at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
    )
    def lots(self) -> Iterable[PointsLot]:
        return usable_lots(**self._owner())  # type: ignore[return-value]

    @strawberry.field(
        description=f"Every movement, oldest first, at most {MAX_PAGE} at once; ask for last to have the newest."
    )
    def history(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> StatementLineConnection:
        return statement_of(self.referrer, POINTS, first=first, after=after, last=last, before=before)

    @strawberry.field(description=f"What they can be exchanged for, the cheapest first; at most {MAX_PAGE}.")
    def offers(self) -> list[PointsOffer]:
        return offers_of(self.referrer, self._left)

    @cached_property
    def _left(self) -> int:
        return spendable(**self._owner())

    def _owner(self) -> dict[str, int]:
        return {"program_id": self.referrer.program_id, "person_id": self.referrer.person_id}


def offer_id(rule: RewardRule) -> strawberry.ID:
    """The global id of something that points buy."""
    return strawberry.ID(to_base64("PointsOffer", rule.pk))


def offers_of(referrer: Referrer, left: int) -> list[PointsOffer]:
    """What points buy for a referrer who has ``left``; two queries."""
    rules = list(points_offers(program_id=referrer.program_id)[:MAX_PAGE])
    if not rules:
        return []
    had = Reward.objects.filter(person_id=referrer.person_id, program_id=referrer.program_id).order_by()
    had = had.filter(trigger_key__startswith=EXCHANGE).values("rule_id")
    rows = had.annotate(done=Count("pk"), kept=Count("pk", filter=~Q(state__in=GONE)))
    counts = {rule: (done, kept) for rule, done, kept in rows.values_list("rule_id", "done", "kept")}
    return [_offer(rule, referrer, left, *counts.get(rule.pk, (0, 0))) for rule in rules]


def _offer(rule: RewardRule, referrer: Referrer, left: int, done: int, kept: int) -> PointsOffer:
    price = rule.points_price or 0
    had_enough = rule.limit_per_person is not None and kept >= rule.limit_per_person
    return PointsOffer(
        id=offer_id(rule),
        title=rule.title,
        value=Money.of(Amount(rule.amount_minor, rule.currency or referrer.program.currency)),
        price=BigInt(price),
        missing=BigInt(max(price - left, 0)),
        stock=rule.stock,
        can_exchange=left >= price and not had_enough and referrer.program.is_open,
        exchange_id=next_exchange(referrer=referrer, rule=rule, done=done),
    )
