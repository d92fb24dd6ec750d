"""What staff hand over to somebody, as the site's own systems and staff read it."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry
import strawberry_django

from referral_blocks.payouts.providers.manual import models


@strawberry.enum(description="What staff do with what they hand over.")
class HandoverKind(Enum):
    SWAG = strawberry.enum_value("swag", description="Merchandise, which they send or give.")
    IN_STORE = strawberry.enum_value("in_store", description="Something that is given in the shop.")
    CASH = strawberry.enum_value("cash", description="Cash in hand.")
    DONATION = strawberry.enum_value("donation", description="A donation, which they make.")


@strawberry_django.type(models.Handover, description="What staff hand over to somebody, or have handed over.")
class Handover:
    title: str = strawberry_django.field(description="What it is.")
    kind: HandoverKind = strawberry_django.field(description="What staff do with it.")
    organisation: str = strawberry_django.field(description="Whom a donation goes to; else empty.")
    instructions: str = strawberry_django.field(description="How it is done, for staff; may be empty.")
    due_on: date | None = strawberry_django.field(description="The day by which it is to be done; null: none.")
    handed_over_at: datetime | None = strawberry_django.field(description="When it was handed over; null: not yet.")
    note: str = strawberry_django.field(description="What was said of it then; may be empty.")
    proof: str = strawberry_django.field(description="A receipt’s or tracking number, or a link; may be empty.")
