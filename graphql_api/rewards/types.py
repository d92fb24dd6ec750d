"""Rewards, why one still waits, and what its owner can do."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from strawberry import relay

from graphql_api.access.scopes import NeedsScope
from graphql_api.context import Info
from graphql_api.money.types import Money
from graphql_api.nodes import whole
from graphql_api.signed_in import Own, pairs_of
from referral_blocks.access.models import Scope
from referral_blocks.core import money as core
from referral_blocks.flows.pay_reward import waits_for_claim
from referral_blocks.flows.show_gift_card import gift_card_of
from referral_blocks.payouts.models import PayoutState
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards import models
from referral_blocks.rewards.selectors import ISSUED, coupon_of

if TYPE_CHECKING:
    from graphql_api.records.rewards import RewardRecord

OPEN = (models.RewardState.PENDING, models.RewardState.APPROVED)
# As flows/show_gift_card.py finds it: nobody sees a card whose payout is not settled.
HAS_CARD = Exists(
    GiftCard.objects.filter(
        payout__items__reward=OuterRef("pk"), payout__items__released=False, payout__state=PayoutState.PAID
    )
)
NEEDS_DETAILS = Exists(models.PendingReason.objects.filter(reward=OuterRef("pk"), reason=models.Reason.PAYOUT_DETAILS))
CODE = Subquery(models.CouponCode.objects.filter(reward=OuterRef("pk")).values("code")[:1])


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


@strawberry_django.type(models.PendingReason, description="One thing that a reward waits for.")
class PendingReason:
    reason: PendingReasonKind = strawberry_django.field(description="What it is, for programs.")
    until: datetime | None = strawberry_django.field(description="When it ends by itself; null when a person decides.")

    @strawberry_django.field(description="What it is, in the language of the request.", only=["reason"])
    def message(self, root: strawberry.Parent[models.PendingReason]) -> str:
        return str(models.Reason(root.reason).label)


@strawberry.enum(description="What the owner of a reward has to do, or may do, now.")
class RewardStep(Enum):
    PAYOUT_DETAILS = strawberry.enum_value("payout_details", description="Say where to send it: connectPayoutAccount.")
    CLAIM = strawberry.enum_value("claim", description="Ask for it: claimReward.")
    SHOW_GIFT_CARD = strawberry.enum_value("show_gift_card", description="Look at the gift card: showGiftCard.")
    USE_CODE = strawberry.enum_value("use_code", description="Use the code that stands in the field code.")


@strawberry.enum(description="In which order rewards come.")
class ViewerRewardOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("newest_first", description="What was earned last.")
    OLDEST_FIRST = strawberry.enum_value("oldest_first", description="What was earned first.")


@strawberry.input(description="Which rewards are asked for; what is left out holds for all.")
class ViewerRewardFilter:
    states: list[RewardState] | None = strawberry.field(default=None, description="Those in one of these states.")


@strawberry.type(description="When a reward came into a state.")
class RewardMoment:
    state: RewardState = strawberry.field(description="The state.")
    at: datetime = strawberry.field(description="Since when.")


@strawberry_django.type(models.Reward, only=["public_id"], description="A reward as its owner sees it.")
class Reward(Own, relay.Node):
    public_id: relay.NodeID[UUID]
    title: str = strawberry_django.field(description="What was promised, in the words of that day.")
    side: RewardSide = strawberry_django.field(description="Whether it was earned by inviting or by being invited.")
    state: RewardState = strawberry_django.field(description="How far it has come.")
    created_at: datetime = strawberry_django.field(description="When it was earned.")
    issued_at: datetime | None = strawberry_django.field(description="When it was received.")
    pending_reasons: list[PendingReason] = strawberry_django.field(
        description="What it still waits for; empty once it is approved."
    )

    @classmethod
    def own(cls, referrers: list[Referrer]) -> Q:
        return pairs_of(referrers)

    @strawberry_django.field(description="What it is worth.", only=["amount_minor", "currency"])
    def value(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(root.amount)

    @strawberry_django.field(
        description="What of it was taken back after it was received.", only=["clawed_minor", "currency"]
    )
    def taken_back(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(core.Money(root.clawed_minor, root.currency))

    @strawberry_django.field(
        description="When it is lost if nobody takes it; null when it is not.", only=["expires_at", "state"]
    )
    def expires_at(self, root: strawberry.Parent[models.Reward]) -> datetime | None:
        return root.expires_at if root.state in OPEN else None

    @strawberry_django.field(
        description="The first name of the friend it was earned with; empty when that is not known, or was nobody.",
        only=["referral__friend_name"],
        select_related=["referral"],
    )
    def friend_first_name(self, root: strawberry.Parent[models.Reward]) -> str:
        return root.referral.friend_first_name if root.referral else ""

    @strawberry_django.field(
        description="The states that it went through, oldest first, each with its moment.",
        only=["created_at"],
        prefetch_related=[
            Prefetch("changes", queryset=models.RewardChange.objects.filter(field="state"), to_attr="state_changes")
        ],
    )
    def timeline(self, root: strawberry.Parent[models.Reward]) -> list[RewardMoment]:
        return _timeline(root)

    @strawberry_django.field(
        description="The single-use code that it consists of; null for other rewards, and before it is received.",
        annotate={"shown_code": CODE},
        only=["state"],
    )
    def code(self, root: strawberry.Parent[models.Reward]) -> str | None:
        return _code(root)

    @strawberry_django.field(
        description="What its owner can do now; null: nothing but wait or enjoy it.",
        annotate={"shown_code": CODE, "has_card": HAS_CARD, "needs_details": NEEDS_DETAILS},
        only=["state", "method_options"],
    )
    def next_step(self, root: strawberry.Parent[models.Reward]) -> RewardStep | None:
        return _next_step(root)


@strawberry_django.type(models.Reward, description="A reward as the system that reported the sale sees it.")
class RewardSummary:
    @strawberry_django.field(
        description="The reward’s global id, for approveReward, voidReward and node.", only=["public_id"]
    )
    def reward_id(self, root: strawberry.Parent[models.Reward]) -> strawberry.ID:
        return strawberry.ID(relay.to_base64("RewardRecord", root.public_id))

    side: RewardSide = strawberry_django.field(description="Who gets it.")
    title: str = strawberry_django.field(description="What was promised.")
    state: RewardState = strawberry_django.field(description="How far it has come.")

    @strawberry_django.field(description="What it is worth.", only=["amount_minor", "currency"])
    def value(self, root: strawberry.Parent[models.Reward]) -> Money:
        return Money.of(root.amount)

    @strawberry_django.field(description="All of it.", only=["sale"], extensions=[NeedsScope(Scope.REWARDS_READ)])
    def record(
        self, root: strawberry.Parent[models.Reward], info: Info
    ) -> Annotated[RewardRecord, strawberry.lazy("graphql_api.records.rewards")] | None:
        beside = models.Reward.objects.filter(Q(pk=root.pk) | Q(sale__isnull=False, sale=root.sale_id))
        return whole(info, "RewardRecord", root, beside=beside)  # type: ignore[no-any-return]


ORDERS = {
    ViewerRewardOrder.NEWEST_FIRST: ("-created_at", "-pk"),
    ViewerRewardOrder.OLDEST_FIRST: ("created_at", "pk"),
}


def rewards_of(
    person_id: int, program_id: int, chosen: ViewerRewardFilter | None, order: ViewerRewardOrder
) -> QuerySet[models.Reward]:
    """The person's rewards in the programme, as asked for."""
    found = models.Reward.objects.filter(person_id=person_id, program_id=program_id)
    if chosen is not None and chosen.states is not None:
        found = found.filter(state__in=[state.value for state in chosen.states])
    return found.order_by(*ORDERS[order])


def _timeline(reward: models.Reward) -> list[RewardMoment]:
    """From the audit rows: a list loads them for all of its rewards at once. Who did it and why is for staff."""
    changes = getattr(reward, "state_changes", None)
    if changes is None:
        changes = reward.changes.filter(field="state")
    steps = [RewardMoment(state=RewardState(c.to_state), at=c.created_at) for c in changes]
    return [RewardMoment(state=RewardState.PENDING, at=reward.created_at), *steps]


def _code(reward: models.Reward) -> str | None:
    if hasattr(reward, "shown_code"):
        return reward.shown_code if reward.state in ISSUED else None
    return coupon_of(reward=reward)


def _next_step(reward: models.Reward) -> RewardStep | None:
    """As the reward's own page decides (views/reward.py)."""
    if reward.state == models.RewardState.PENDING:
        needs_details = getattr(reward, "needs_details", None)
        if needs_details is None:
            needs_details = reward.pending_reasons.filter(reason=models.Reason.PAYOUT_DETAILS).exists()
        return RewardStep.PAYOUT_DETAILS if needs_details else None
    if reward.state == models.RewardState.APPROVED:
        return RewardStep.CLAIM if waits_for_claim(reward=reward) else None
    if _code(reward) is not None:
        return RewardStep.USE_CODE
    has_card = getattr(reward, "has_card", None)
    if has_card is None:
        has_card = gift_card_of(reward=reward) is not None
    return RewardStep.SHOW_GIFT_CARD if has_card else None
