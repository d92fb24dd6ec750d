"""Offers, rewards and why a reward still waits."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.money.types import Money
from referral_blocks.core import money as core
from referral_blocks.rewards import models


@strawberry.enum(description="Who gets a reward.")
class RewardSide(Enum):
    REFERRER = strawberry.enum_value("referrer", description="The one who shares the link.")
    FRIEND = strawberry.enum_value("friend", description="The one who was invited.")


@strawberry.enum(description="How far a reward has come.")
class RewardState(Enum):
    PENDING = strawberry.enum_value("pending", description="Promised, and waiting for what pendingReasons says.")
    APPROVED = strawberry.enum_value("approved", description="Nothing stands in its way.")
    RESERVED = strawberry.enum_value("reserved", description="On its way.")
    ISSUED = strawberry.enum_value("issued", description="Received.")
    REDEEMED = strawberry.enum_value("redeemed", description="Received and used.")
    VOID = strawberry.enum_value("void", description="Cancelled.")
    EXPIRED = strawberry.enum_value("expired", description="Not received in time.")
    CLAWED_BACK = strawberry.enum_value("clawed_back", description="Taken back, because the sale was reversed.")


@strawberry.enum(description="Why a reward waits.")
class PendingReasonKind(Enum):
    HOLD = strawberry.enum_value("hold", description="The waiting time for returns is not over.")
    APPROVAL = strawberry.enum_value("approval", description="Staff have to approve it.")
    REVIEW = strawberry.enum_value("review", description="Staff take a closer look at the referral.")
    PAYOUT_DETAILS = strawberry.enum_value("payout_details", description="Nobody knows yet where to send it.")
    BUDGET = strawberry.enum_value("budget", description="The programme’s budget is spent for now.")
    CAP = strawberry.enum_value("cap", description="The most that one period allows is earned.")
    STOCK = strawberry.enum_value("stock", description="It is out of stock.")
    PROVIDER_ERROR = strawberry.enum_value("provider_error", description="Sending it did not work.")


@strawberry_django.type(models.RewardRule, description="What one side of a programme is promised.")
class Offer:
    side: RewardSide = strawberry_django.field(description="Who gets it.")
    title: str = strawberry_django.field(description="What people read, such as “£20 off your next clean”.")

    @strawberry_django.field(
        description="What it is worth.", only=["amount_minor", "program__currency"], select_related=["program"]
    )
    def value(self, root: strawberry.Parent[models.RewardRule]) -> Money:
        return Money.of(core.Money(root.amount_minor, root.program.currency))


@strawberry_django.type(models.PendingReason, description="One thing that a reward waits for.")
class PendingReason:
    reason: PendingReasonKind = strawberry_django.field(description="What it is, for programs.")
    until: datetime | None = strawberry_django.field(description="When it ends by itself; null when a person decides.")

    @strawberry_django.field(description="What it is, in the language of the request.", only=["reason"])
    def message(self, root: strawberry.Parent[models.PendingReason]) -> str:
        return str(models.Reason(root.reason).label)


@strawberry_django.type(models.Reward, only=["public_id"], description="A reward as its owner sees it.")
class Reward(relay.Node):
    public_id: relay.NodeID[UUID]
    title: str = strawberry_django.field(description="What was promised, in the words of that day.")
    state: RewardState = strawberry_django.field(description="How far it has come.")
    created_at: datetime = strawberry_django.field(description="When it was earned.")
    pending_reasons: list[PendingReason] = strawberry_django.field(
        description="What it still waits for; empty once it is approved."
    )

    @strawberry_django.field(description="What it is worth.", only=["amount_minor", "currency"])
    def value(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(root.amount)


@strawberry_django.type(models.Reward, description="A reward as the system that reported the sale sees it.")
class RewardSummary:
    side: RewardSide = strawberry_django.field(description="Who gets it.")
    title: str = strawberry_django.field(description="What was promised.")
    state: RewardState = strawberry_django.field(description="How far it has come.")

    @strawberry_django.field(description="What it is worth.", only=["amount_minor", "currency"])
    def value(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(root.amount)
