"""A friend, as the referrer may see them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

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


@strawberry_django.type(models.Referral, only=["public_id"], description="A friend whom the referrer brought.")
class Referral(relay.Node):
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
