"""Payouts and the runs that gather them, as the site's own systems read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import Exists, OuterRef
from strawberry import relay

from graphql_api.access.filters import MomentRange, is_, one_of, within
from graphql_api.access.scopes import NeedsScope, Record
from graphql_api.access.steps import Step
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.money.types import Money
from graphql_api.permissions import require_scope
from graphql_api.programs.types import Program
from graphql_api.records.handovers import Handover
from graphql_api.records.people import PersonRecord
from graphql_api.records.rewards import RewardRecord
from referral_blocks.access.models import Scope
from referral_blocks.payouts import models

if TYPE_CHECKING:
    from graphql_api.records.payout_runs import PayoutRun


@strawberry.enum(description="How far a payout has come.")
class PayoutRecordState(Enum):
    DRAFT = strawberry.enum_value("draft", description="Waits for its run to be confirmed.")
    CONFIRMED = strawberry.enum_value("confirmed", description="About to be sent.")
    SENDING = strawberry.enum_value("sending", description="The provider is being asked.")
    SENT = strawberry.enum_value("sent", description="The provider has it.")
    PAID = strawberry.enum_value("paid", description="It has arrived.")
    FAILED_RETRYABLE = strawberry.enum_value("failed_retryable", description="It will be tried again.")
    FAILED_FINAL = strawberry.enum_value("failed_final", description="It failed; its rewards are free again.")
    UNKNOWN = strawberry.enum_value("unknown", description="Nobody knows yet whether it was sent.")
    RETURNED = strawberry.enum_value("returned", description="It came back.")
    CANCELLED = strawberry.enum_value("cancelled", description="It was cancelled before it was sent.")


@strawberry_django.type(models.PayoutChange, description="One step of a payout.")
class PayoutRecordStep(Step):
    pass


@strawberry_django.type(models.PayoutItem, only=["pk"], description="A reward that a payout has claimed.")
class PayoutItem(Record, relay.Node):
    scope = Scope.PAYOUTS_READ
    site_path = "payout__program__site"
    order = ("pk",)
    _id_attr = "pk"

    reward: RewardRecord = strawberry_django.field(
        description="The reward.", extensions=[NeedsScope(Scope.REWARDS_READ)]
    )
    released: bool = strawberry_django.field(description="Whether the payout failed and the reward is free again.")


@strawberry_django.type(models.Payout, only=["public_id"], description="A payout, as the site’s own systems know it.")
class PayoutRecord(Record, relay.Node):
    scope = Scope.PAYOUTS_READ

    public_id: relay.NodeID[UUID]
    program: Program = strawberry_django.field(description="The programme.")
    provider: str = strawberry_django.field(description="How it is paid, such as “manual”.")
    provider_ref: str = strawberry_django.field(description="The provider’s own reference; may be empty.")
    state: PayoutRecordState = strawberry_django.field(description="How far it has come.")
    created_at: datetime = strawberry_django.field(description="When it was made.")
    next_try_at: datetime | None = strawberry_django.field(description="When it is tried again; null: not by itself.")
    items: Pages[PayoutItem] = strawberry_django.connection(
        description=f"What it pays, in the order in which it was claimed, at most {MAX_PAGE} at once."
    )
    steps: list[PayoutRecordStep] = strawberry_django.field(
        field_name="changes", description="What happened to it, in order."
    )
    person: PersonRecord = strawberry_django.field(
        description="Who is paid.", extensions=[NeedsScope(Scope.REFERRALS_READ)]
    )
    run: Annotated[PayoutRun, strawberry.lazy("graphql_api.records.payout_runs")] | None = strawberry_django.field(
        description="The run that it goes out with; null when it goes alone."
    )
    handover: Handover | None = strawberry_django.field(
        description="What staff hand over for it; null when it is paid another way, and until it is theirs to do."
    )

    @strawberry_django.field(description="How much.", only=["amount_minor", "currency"])
    def amount(self, root: strawberry.Parent[models.Payout]) -> Money:
        return Money.of(root.amount)

    @strawberry_django.field(
        description="Whether it waits for a person, because nobody may try it again without one.", only=["parked"]
    )
    def is_parked(self, root: strawberry.Parent[models.Payout]) -> bool:
        return bool(root.parked)


@strawberry.enum(description="In which order payouts come.")
class PayoutOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("-created_at", description="What was made last.")
    OLDEST_FIRST = strawberry.enum_value("created_at", description="What was made first.")
    LARGEST_FIRST = strawberry.enum_value("-amount_minor", description="The largest amount, whatever its currency.")


@strawberry.input(description="Which payouts are asked for; what is left out holds for all.")
class PayoutFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    states: list[PayoutRecordState] | None = strawberry.field(default=None, description="Those in one of these states.")
    provider: str | None = strawberry.field(default=None, description="Those that are paid this way.")
    provider_ref: str | None = strawberry.field(default=None, description="Those with this reference of the provider.")
    parked: bool | None = strawberry.field(default=None, description="Those that wait for a person, or do not.")
    sale_external_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Those that pay for the sale with this id of yours. Needs the scope sales:read.",
    )
    created: MomentRange | None = strawberry.field(default=None, description="Those that were made then.")


@strawberry.type
class PayoutsServer:
    @strawberry_django.connection(
        Pages[PayoutRecord] | None,  # type: ignore[arg-type]
        description=f"Payouts of this site’s programmes, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.PAYOUTS_READ)],
    )
    def payouts(
        self,
        info: Info,
        only: Annotated[PayoutFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
        order_by: Annotated[
            PayoutOrder, strawberry.argument(description="Which come first.")
        ] = PayoutOrder.NEWEST_FIRST,
    ) -> Iterable[PayoutRecord]:
        wanted = only or PayoutFilter()
        rows = models.Payout.objects.filter(
            is_("program__slug", wanted.program),
            one_of("state", wanted.states),
            is_("provider", wanted.provider),
            is_("provider_ref", wanted.provider_ref),
            within("created_at", wanted.created),
            program__site=require_scope(info.context, Scope.PAYOUTS_READ).site_id,
        )
        if wanted.parked is not None:
            rows = rows.exclude(parked="") if wanted.parked else rows.filter(parked="")
        if wanted.sale_external_id is not None:
            require_scope(info.context, Scope.SALES_READ)
            items = models.PayoutItem.objects.filter(
                is_("reward__sale__external_id", wanted.sale_external_id), payout=OuterRef("pk")
            )
            rows = rows.filter(Exists(items))
        return rows.order_by(order_by.value, "-pk")  # type: ignore[return-value]
