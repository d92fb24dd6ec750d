"""Friends, what checks found about them and what was decided, as the site's own systems read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.access.filters import MomentRange, address_key, is_, one_of, public_id, within
from graphql_api.access.scopes import NeedsScope, Record
from graphql_api.access.steps import Step
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.permissions import require_scope
from graphql_api.programs.types import Program
from graphql_api.records.people import PersonRecord
from graphql_api.records.referrers import ReferrerRecord
from graphql_api.referrals.types import ReferralStage
from graphql_api.scalars import EmailAddress
from referral_blocks.access.models import Scope
from referral_blocks.fraud import models as fraud
from referral_blocks.referrals import models

if TYPE_CHECKING:
    from graphql_api.records.rewards import RewardRecord
    from graphql_api.records.sales import Sale


@strawberry.enum(description="Whether something looked wrong about a friend.")
class ReferralReview(Enum):
    CLEAR = strawberry.enum_value("clear", description="Nothing did.")
    FLAGGED = strawberry.enum_value("flagged", description="Somebody has to decide; money waits until then.")
    APPROVED = strawberry.enum_value("approved", description="Looked at, and fine.")
    BLOCKED = strawberry.enum_value("blocked", description="Looked at, and earns nothing.")


@strawberry.enum(description="How a friend was tied to the referrer, most trusted first.")
class AttributionMethod(Enum):
    CODE = strawberry.enum_value("code", description="The friend typed the code.")
    TOKEN = strawberry.enum_value("token", description="The signed token of the link.")
    COOKIE = strawberry.enum_value("cookie", description="The site’s own cookie, set when the link was opened.")
    CONTACT = strawberry.enum_value("contact", description="The e-mail address or phone number was known.")
    NAME = strawberry.enum_value("name", description="The friend named the referrer, and staff confirmed it.")
    MANUAL = strawberry.enum_value("manual", description="Staff or a system said so.")


@strawberry.enum(description="Which side of a referral is meant.")
class ReviewSide(Enum):
    REFERRER = strawberry.enum_value("referrer", description="The one who shares the link.")
    FRIEND = strawberry.enum_value("friend", description="The one who was invited.")
    BOTH = strawberry.enum_value("both", description="Both of them.")


@strawberry.enum(description="What was decided under review.")
class ReviewVerdict(Enum):
    APPROVE = strawberry.enum_value("approve", description="It is fine: rewards go on.")
    BLOCK = strawberry.enum_value("block", description="It earns nothing: rewards are cancelled.")


@strawberry.type(description="What a friend answered to a question of the form.")
class FriendAnswer:
    label: str = strawberry.field(description="The question.")
    text: str = strawberry.field(description="The answer.")


@strawberry_django.type(fraud.RiskSignal, only=["pk"], description="What one check found.")
class RiskSignal(Record, relay.Node):
    scope = Scope.REVIEWS_WRITE
    site_path = "referral__program__site"
    _id_attr = "pk"

    check_name: str = strawberry_django.field(description="Which check.")
    side: ReviewSide = strawberry_django.field(description="Which side it is about.")
    score: int = strawberry_django.field(description="How much it weighs, from 0 to 100.")
    evidence: str = strawberry_django.field(description="What it saw, in the site’s language.")
    created_at: datetime = strawberry_django.field(description="When.")


@strawberry_django.type(fraud.ReviewDecision, description="What was decided about one side or both.")
class ReviewDecision:
    side: ReviewSide = strawberry_django.field(description="Which side.")
    decision: ReviewVerdict = strawberry_django.field(description="What was decided.")
    reason: str = strawberry_django.field(description="Why.")
    automatic: bool = strawberry_django.field(description="Whether the score alone decided.")
    agent: str = strawberry_django.field(description="Which API key decided; empty for people.")
    created_at: datetime = strawberry_django.field(description="When.")


@strawberry_django.type(models.ReferralChange, description="One step of a referral.")
class ReferralRecordStep(Step):
    pass


@strawberry_django.type(
    models.Referral, only=["public_id"], description="A friend, as the site’s own systems know them."
)
class ReferralRecord(Record, relay.Node):
    scope = Scope.REFERRALS_READ

    public_id: relay.NodeID[UUID]
    program: Program = strawberry_django.field(description="The programme.")
    referrer: ReferrerRecord = strawberry_django.field(description="Who brought them.")
    friend: PersonRecord = strawberry_django.field(description="Who they are.")
    friend_name: str = strawberry_django.field(description="What they called themselves on the form; may be empty.")
    stage: ReferralStage = strawberry_django.field(description="How far they have come.")
    review: ReferralReview = strawberry_django.field(description="Whether something looked wrong.")
    risk_score: int = strawberry_django.field(description="What all findings add up to, from 0 to 100.")
    attribution_method: AttributionMethod = strawberry_django.field(description="How they were tied to the referrer.")
    attributed_at: datetime = strawberry_django.field(description="When they were credited to the referrer.")
    credit_expires_at: datetime = strawberry_django.field(description="Until when they have to buy.")
    qualified_at: datetime | None = strawberry_django.field(description="When they became a customer.")
    is_new_customer: bool | None = strawberry_django.field(
        description="Whether the site did not know them before; null when nobody has checked."
    )
    sale_count: int = strawberry_django.field(description="How many sales of theirs were recorded.")
    steps: list[ReferralRecordStep] = strawberry_django.field(
        field_name="changes", description="What happened to it, in order."
    )
    signals: Pages[RiskSignal] = strawberry_django.connection(
        field_name="risk_signals",
        description=f"What checks found, in order, at most {MAX_PAGE} at once.",
        extensions=[NeedsScope(Scope.REVIEWS_WRITE)],
    )
    decisions: list[ReviewDecision] = strawberry_django.field(
        field_name="review_decisions",
        description="What was decided about it.",
        extensions=[NeedsScope(Scope.REVIEWS_WRITE)],
    )
    sales: Pages[Annotated[Sale, strawberry.lazy("graphql_api.records.sales")]] = strawberry_django.connection(
        description=f"What they bought, newest first, at most {MAX_PAGE} at once.",
        extensions=[NeedsScope(Scope.SALES_READ)],
    )
    rewards: Pages[Annotated[RewardRecord, strawberry.lazy("graphql_api.records.rewards")]] = (
        strawberry_django.connection(
            description=f"What it earned, newest first, at most {MAX_PAGE} at once.",
            extensions=[NeedsScope(Scope.REWARDS_READ)],
        )
    )

    @strawberry_django.field(description="What they answered beyond name, e-mail and phone.", only=["answers"])
    def answers(self, root: strawberry.Parent[models.Referral]) -> list[FriendAnswer]:
        return [FriendAnswer(label=answer["label"], text=answer["text"]) for answer in root.answers]


@strawberry_django.type(models.Referral, description="A referral without the people: what whoever decides is told.")
class ReferralSummary:
    @strawberry_django.field(description="The referral’s global id, for reviewReferral and node.", only=["public_id"])
    def referral_id(self, root: strawberry.Parent[models.Referral]) -> strawberry.ID:
        return strawberry.ID(relay.to_base64("ReferralRecord", root.public_id))

    stage: ReferralStage = strawberry_django.field(description="How far the friend has come.")
    review: ReferralReview = strawberry_django.field(description="Whether something looked wrong.")
    attribution_method: AttributionMethod = strawberry_django.field(description="How it was tied to the referrer.")
    credit_expires_at: datetime = strawberry_django.field(description="Until when the friend has to buy.")

    @strawberry.field(description="All of it.", extensions=[NeedsScope(Scope.REFERRALS_READ)])
    def record(self, root: strawberry.Parent[models.Referral]) -> ReferralRecord | None:
        return root  # type: ignore[return-value]


@strawberry.enum(description="In which order referrals come.")
class ReferralOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("-attributed_at", description="Who was credited last.")
    OLDEST_FIRST = strawberry.enum_value("attributed_at", description="Who was credited first.")
    RISKIEST_FIRST = strawberry.enum_value("-risk_score", description="What the checks find worst.")


@strawberry.input(description="Which referrals are asked for; what is left out holds for all.")
class ReferralFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    stages: list[ReferralStage] | None = strawberry.field(default=None, description="Those in one of these stages.")
    reviews: list[ReferralReview] | None = strawberry.field(
        default=None, description="Those of which the review is one of these: FLAGGED is the queue."
    )
    friend_email: EmailAddress | None = strawberry.field(
        default=None, description="Those of the friend with this address."
    )
    referrer_email: EmailAddress | None = strawberry.field(
        default=None, description="Those of the referrer with this address."
    )
    referrer: relay.GlobalID | None = strawberry.field(
        default=None, description="Those of the referrer with this id, which a ReferrerRecord has."
    )
    attributed: MomentRange | None = strawberry.field(default=None, description="Those who were credited then.")


@strawberry.type
class ReferralsServer:
    @strawberry_django.connection(
        Pages[ReferralRecord] | None,  # type: ignore[arg-type]
        description=f"Friends of this site’s programmes, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.REFERRALS_READ)],
    )
    def referrals(
        self,
        info: Info,
        only: Annotated[ReferralFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
        order_by: Annotated[
            ReferralOrder, strawberry.argument(description="Which come first.")
        ] = ReferralOrder.NEWEST_FIRST,
    ) -> Iterable[ReferralRecord]:
        wanted = only or ReferralFilter()
        rows = models.Referral.objects.filter(
            is_("program__slug", wanted.program),
            one_of("stage", wanted.stages),
            one_of("review", wanted.reviews),
            is_("friend__email_key", address_key("friendEmail", wanted.friend_email)),
            is_("referrer__person__email_key", address_key("referrerEmail", wanted.referrer_email)),
            is_("referrer__public_id", public_id("referrer", wanted.referrer, "ReferrerRecord")),
            within("attributed_at", wanted.attributed),
            program__site=require_scope(info.context, Scope.REFERRALS_READ).site_id,
        )
        return rows.order_by(order_by.value, "-pk")  # type: ignore[return-value]
