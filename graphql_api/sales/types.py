"""A sale, as the system that reported it sees it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.money.types import Money
from referral_blocks.sales import models


@strawberry_django.type(models.Sale, only=["public_id"], description="A sale that was recorded.")
class Sale(relay.Node):
    public_id: relay.NodeID[UUID]
    external_id: str = strawberry_django.field(description="The reporting system’s own id.")
    occurred_at: datetime = strawberry_django.field(description="When it was sold.")

    @strawberry_django.field(description="What was sold for.", only=["amount_minor", "currency"])
    def amount(self, root: strawberry.Parent[models.Sale]) -> Money:
        return Money.of(root.amount)
