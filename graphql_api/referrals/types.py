"""A friend, as the referrer may see them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import F, QuerySet
from strawberry import relay

from graphql_api.signed_in import Own
from referral_blocks.referrals import models


@strawberry.enum(description="How far a friend has come.")
class ReferralStage(Enum):
    CAPTURED = strawberry.enum_value("captured", description="Left their details.")
    QUALIFIED = strawberry.enum_value("qualified", description="Became a customer.")
    EXPIRED = strawberry.enum_value("expired", description="Ran out of time.")
    NURTURING = strawberry.enum_value("nurturing", description="In touch.")
    UNQUALIFIED = strawberry.enum_value("unqualified", description="Does not qualify.")
    WITHDRAWN = strawberry.enum_value("withdrawn", description="Withdrawn.")
    RETRACTED = strawberry.enum_value("retracted", description="The sale was reversed.")


@strawberry.enum(description="In which order friends come.")
class ViewerReferralOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("newest_first", description="Who came last.")
    OLDEST_FIRST = strawberry.enum_value("oldest_first", description="Who came first.")
    LAST_QUALIFIED_FIRST = strawberry.enum_value(
        "last_qualified_first", description="Who became a customer last; those who have not come at the end."
    )


ORDERS = {
    ViewerReferralOrder.NEWEST_FIRST: ("-attributed_at", "-pk"),
    ViewerReferralOrder.OLDEST_FIRST: ("attributed_at", "pk"),
    ViewerReferralOrder.LAST_QUALIFIED_FIRST: (F("qualified_at").desc(nulls_last=True), "-pk"),
}


@strawberry.input(description="Which friends are asked for; what is left out holds for all.")
class ViewerReferralFilter:
    stages: list[ReferralStage] | None = strawberry.field(default=None, description="Those in one of these stages.")


@strawberry_django.type(models.Referral, only=["public_id"], description="A friend whom the referrer brought.")
class Referral(Own, relay.Node):
    public_id: relay.NodeID[UUID]
    stage: ReferralStage = strawberry_django.field(description="How far the friend has come.")
    attributed_at: datetime = strawberry_django.field(description="When the friend was credited to the referrer.")
    qualified_at: datetime | None = strawberry_django.field(description="When the friend became a customer.")

    @strawberry_django.field(
        description="The friend’s first name; empty when it is not known.",
        only=["friend_name"],
    )
    def friend_first_name(self, root: strawberry.Parent[models.Referral]) -> str:
        return root.friend_first_name


def referrals_of(
    referrer_id: int, chosen: ViewerReferralFilter | None, order: ViewerReferralOrder
) -> QuerySet[models.Referral]:
    """The referrer's friends, as asked for."""
    found = models.Referral.objects.filter(referrer=referrer_id)
    if chosen is not None and chosen.stages is not None:
        found = found.filter(stage__in=[stage.value for stage in chosen.stages])
    return found.order_by(*ORDERS[order])
