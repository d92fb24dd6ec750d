"""Refunds and disputes, as the systems of the site see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
import strawberry_django
from django.db.models import F
from strawberry import relay

from graphql_api.access.filters import MomentRange, is_, one_of, within
from graphql_api.access.scopes import NeedsScope, Record
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.money.types import Money
from graphql_api.permissions import require_scope
from referral_blocks.access.models import Scope
from referral_blocks.core.money import Money as Amount
from referral_blocks.sales import models

from .sales import Sale


@strawberry.enum(description="Why money of a sale moved back.")
class ReversalKind(Enum):
    REFUND = strawberry.enum_value("refund", description="It went back to the customer.")
    DISPUTE = strawberry.enum_value("dispute", description="The customer’s bank took it back, for now or for good.")
    DISPUTE_WON = strawberry.enum_value("dispute_won", description="A dispute was decided for the shop.")


@strawberry_django.type(
    models.SaleReversal, only=["pk"], description="Money of a sale that went back, or came back to the shop."
)
class SaleReversal(Record, relay.Node):
    scope = Scope.SALES_READ
    site_path = "sale__program__site"
    _id_attr = "pk"

    sale: Sale = strawberry_django.field(description="The sale.")
    kind: ReversalKind = strawberry_django.field(description="What happened.")
    external_id: strawberry.ID = strawberry_django.field(description="The reporting system’s own id of it.")
    occurred_at: datetime = strawberry_django.field(description="When it happened.")
    recorded_at: datetime = strawberry_django.field(description="When it was recorded.")
    agent: str = strawberry_django.field(description="Which API key recorded it; empty for people.")

    @strawberry_django.field(
        description="How much.", only=["amount_minor"], annotate={"sale_currency": F("sale__currency")}
    )
    def amount(self, root: strawberry.Parent[models.SaleReversal]) -> Money:
        return Money.of(Amount(root.amount_minor, getattr(root, "sale_currency", "") or root.sale.currency))


@strawberry.input(description="Which reversals are asked for; what is left out holds for all.")
class SaleReversalFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    external_id: strawberry.ID | None = strawberry.field(default=None, description="Those with this id of yours.")
    kinds: list[ReversalKind] | None = strawberry.field(default=None, description="Those of one of these kinds.")
    occurred: MomentRange | None = strawberry.field(default=None, description="Those that happened then.")


@strawberry.type
class ReversalsServer:
    @strawberry_django.connection(
        Pages[SaleReversal] | None,  # type: ignore[arg-type]
        description=f"Refunds and disputes, the last one first, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.SALES_READ)],
    )
    def reversals(
        self,
        info: Info,
        only: Annotated[
            SaleReversalFilter | None, strawberry.argument(name="filter", description="Which ones.")
        ] = None,
    ) -> Iterable[SaleReversal]:
        wanted = only or SaleReversalFilter()
        return models.SaleReversal.objects.filter(  # type: ignore[return-value]
            is_("sale__program__slug", wanted.program),
            is_("external_id", wanted.external_id),
            one_of("kind", wanted.kinds),
            within("occurred_at", wanted.occurred),
            sale__program__site=require_scope(info.context, Scope.SALES_READ).site_id,
        ).order_by("-occurred_at", "-pk")
