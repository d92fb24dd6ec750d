"""A sale, as the system that reported it sees it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.money.types import Money
from referral_blocks.core.money import Money as Amount
from referral_blocks.sales import models


@strawberry.enum(description="Why money of a sale moved back.")
class ReversalKind(Enum):
    REFUND = strawberry.enum_value("refund", description="It went back to the customer.")
    DISPUTE = strawberry.enum_value("dispute", description="The customer’s bank took it back, for now or for good.")
    DISPUTE_WON = strawberry.enum_value("dispute_won", description="A dispute was decided for the shop.")


@strawberry_django.type(models.Sale, only=["public_id"], description="A sale that was recorded.")
class Sale(relay.Node):
    public_id: relay.NodeID[UUID]
    external_id: str = strawberry_django.field(description="The reporting system’s own id.")
    occurred_at: datetime = strawberry_django.field(description="When it was sold.")

    @strawberry_django.field(description="What was sold for.", only=["amount_minor", "currency"])
    def amount(self, root: strawberry.Parent[models.Sale]) -> Money:
        return Money.of(root.amount)

    @strawberry_django.field(
        description="How much of it was refunded or is disputed, all in all.", only=["reversed_minor", "currency"]
    )
    def reversed(self, root: strawberry.Parent[models.Sale]) -> Money:
        return Money.of(Amount(root.reversed_minor, root.currency))
