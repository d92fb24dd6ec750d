"""Rewards, as the site's own systems read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import Q
from strawberry import relay

from graphql_api.access.filters import MomentRange, address_key, is_, one_of, public_id, within
from graphql_api.access.scopes import NeedsScope, Record
from graphql_api.access.steps import Step
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.money.types import Money
from graphql_api.permissions import require_scope
from graphql_api.programs.types import Program
from graphql_api.records.people import PersonRecord
from graphql_api.records.referrals import ReferralRecord
from graphql_api.records.sales import Sale
from graphql_api.rewards.types import PendingReason, PendingReasonKind, RewardSide, RewardState
from graphql_api.scalars import EmailAddress
from referral_blocks.access.models import Scope
from referral_blocks.core.money import Money as Amount
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards import models


@strawberry_django.type(models.RewardChange, description="One step of a reward.")
class RewardRecordStep(Step):
    pass


@strawberry_django.type(models.Reward, only=["public_id"], description="A reward, as the site’s own systems know it.")
class RewardRecord(Record, relay.Node):
    scope = Scope.REWARDS_READ

    public_id: relay.NodeID[UUID]
    program: Program = strawberry_django.field(description="The programme.")
    side: RewardSide = strawberry_django.field(description="Who gets it.")
    title: str = strawberry_django.field(description="What was promised, in the words of that day.")
    state: RewardState = strawberry_django.field(description="How far it has come.")
    method: str = strawberry_django.field(description="How it is paid, such as “manual”.")
    created_at: datetime = strawberry_django.field(description="When it was earned.")
    issued_at: datetime | None = strawberry_django.field(description="When it was received.")
    expires_at: datetime | None = strawberry_django.field(description="Until when it has to be; null: no such day.")
    pending_reasons: list[PendingReason] = strawberry_django.field(
        description="What it still waits for; empty once it is approved."
    )
    steps: list[RewardRecordStep] = strawberry_django.field(
        field_name="changes", description="What happened to it, in order."
    )
    person: PersonRecord = strawberry_django.field(
        description="Who gets it.", extensions=[NeedsScope(Scope.REFERRALS_READ)]
    )
    referral: ReferralRecord | None = strawberry_django.field(
        description="The friend whom it is for; null for a prize.", extensions=[NeedsScope(Scope.REFERRALS_READ)]
    )
    sale: Sale | None = strawberry_django.field(
        description="The sale that earned it; null when none did.", extensions=[NeedsScope(Scope.SALES_READ)]
    )

    @strawberry_django.field(description="What it is worth now.", only=["amount_minor", "currency"])
    def value(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(root.amount)

    @strawberry_django.field(
        description="What was promised, before anything was reversed.", only=["promised_minor", "currency"]
    )
    def promised(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(Amount(root.promised_minor, root.currency))

    @strawberry_django.field(description="What was taken back after it was issued.", only=["clawed_minor", "currency"])
    def clawed_back(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(Amount(root.clawed_minor, root.currency))


@strawberry.enum(description="In which order rewards come.")
class RewardOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("-created_at", description="What was earned last.")
    OLDEST_FIRST = strawberry.enum_value("created_at", description="What was earned first.")
    LARGEST_FIRST = strawberry.enum_value("-amount_minor", description="The largest value, whatever its currency.")


@strawberry.input(description="Which rewards are asked for; what is left out holds for all.")
class RewardFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    states: list[RewardState] | None = strawberry.field(default=None, description="Those in one of these states.")
    side: RewardSide | None = strawberry.field(default=None, description="Those of this side.")
    waits_for: PendingReasonKind | None = strawberry.field(default=None, description="Those that wait for this.")
    method: str | None = strawberry.field(default=None, description="Those that are paid this way.")
    person_email: EmailAddress | None = strawberry.field(
        default=None, description="Those of the person with this address. Needs the scope referrals:read."
    )
    referrer: relay.GlobalID | None = strawberry.field(
        default=None,
        description="Those that the referrer with this id gets, which a ReferrerRecord has. Needs the scope "
        "referrals:read.",
    )
    sale_external_id: strawberry.ID | None = strawberry.field(
        default=None, description="Those of the sale with this id of yours. Needs the scope sales:read."
    )
    created: MomentRange | None = strawberry.field(default=None, description="Those that were earned then.")


@strawberry.type
class RewardsServer:
    @strawberry_django.connection(
        Pages[RewardRecord] | None,  # type: ignore[arg-type]
        description=f"Rewards of this site’s programmes, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.REWARDS_READ)],
    )
    def rewards(
        self,
        info: Info,
        only: Annotated[RewardFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
        order_by: Annotated[
            RewardOrder, strawberry.argument(description="Which come first.")
        ] = RewardOrder.NEWEST_FIRST,
    ) -> Iterable[RewardRecord]:
        wanted = only or RewardFilter()
        email, order = wanted.person_email, wanted.sale_external_id
        if email is not None or wanted.referrer is not None:
            require_scope(info.context, Scope.REFERRALS_READ)
        if order is not None:
            require_scope(info.context, Scope.SALES_READ)
        rows = models.Reward.objects.filter(
            is_("program__slug", wanted.program),
            one_of("state", wanted.states),
            is_("side", wanted.side and wanted.side.value),
            is_("pending_reasons__reason", wanted.waits_for and wanted.waits_for.value),
            is_("method", wanted.method),
            is_("person__email_key", address_key("personEmail", email)),
            is_("sale__external_id", order),
            _of_referrer(public_id("referrer", wanted.referrer, "ReferrerRecord")),
            within("created_at", wanted.created),
            program__site=require_scope(info.context, Scope.REWARDS_READ).site_id,
        )
        return rows.order_by(order_by.value, "-pk")  # type: ignore[return-value]


def _of_referrer(key: UUID | None) -> Q:
    """What somebody gets in the programme in which they are this referrer, as they see it themselves."""
    if key is None:
        return Q()
    referrer = Referrer.objects.filter(public_id=key)
    return Q(person__in=referrer.values("person"), program__in=referrer.values("program"))
