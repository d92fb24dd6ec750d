"""A sale and its reversals, as the systems of the site see them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.access.scopes import NeedsScope, Record
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.money.types import Money
from graphql_api.programs.types import Program
from graphql_api.records.referrals import ReferralRecord
from referral_blocks.access.models import Scope
from referral_blocks.core.money import Money as Amount
from referral_blocks.sales import models

if TYPE_CHECKING:
    from graphql_api.records.reversals import SaleReversal
    from graphql_api.records.rewards import RewardRecord


@strawberry.type(description="One thing more that the source said of a sale.")
class SaleFact:
    name: str = strawberry.field(description="What it is about.")
    value: str = strawberry.field(description="What was said.")


@strawberry_django.type(models.Sale, only=["public_id"], description="A sale that was recorded.")
class Sale(Record, relay.Node):
    scope = Scope.SALES_READ

    public_id: relay.NodeID[UUID]
    program: Program = strawberry_django.field(description="The programme.")
    source: str = strawberry_django.field(description="Which way it came: “api”, “staff”, “csv” …")
    external_id: strawberry.ID = strawberry_django.field(description="The reporting system’s own id.")
    product: str = strawberry_django.field(description="What was sold; may be empty.")
    number: int = strawberry_django.field(description="Which of the sales to this friend it is, counted from 1.")
    occurred_at: datetime = strawberry_django.field(description="When it was sold.")
    recorded_at: datetime = strawberry_django.field(description="When it was recorded.")
    agent: str = strawberry_django.field(description="Which API key recorded it; empty for people.")
    reversals: Pages[Annotated[SaleReversal, strawberry.lazy("graphql_api.records.reversals")]] = (
        strawberry_django.connection(description=f"What of it was reversed, in order, at most {MAX_PAGE} at once.")
    )
    referral: ReferralRecord = strawberry_django.field(
        description="The friend who bought.", extensions=[NeedsScope(Scope.REFERRALS_READ)]
    )
    rewards: Pages[Annotated[RewardRecord, strawberry.lazy("graphql_api.records.rewards")]] = (
        strawberry_django.connection(
            description=f"What it earned, at most {MAX_PAGE} at once.", extensions=[NeedsScope(Scope.REWARDS_READ)]
        )
    )

    @strawberry_django.field(description="What was sold for.", only=["amount_minor", "currency"])
    def amount(self, root: strawberry.Parent[models.Sale]) -> Money:
        return Money.of(root.amount)

    @strawberry_django.field(
        description="How much of it was refunded or is disputed, all in all.", only=["reversed_minor", "currency"]
    )
    def reversed(self, root: strawberry.Parent[models.Sale]) -> Money:
        return Money.of(Amount(root.reversed_minor, root.currency))

    @strawberry_django.field(description="What else the source said of it.", only=["metadata"])
    def facts(self, root: strawberry.Parent[models.Sale]) -> list[SaleFact]:
        return [SaleFact(name=name, value=value) for name, value in root.metadata.items()]
