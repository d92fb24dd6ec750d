"""A programme and its terms."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import relay

from graphql_api.rewards.types import Offer
from referral_blocks.programs import models
from referral_blocks.programs.selectors import page_url, terms_number
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.selectors import active_rules


@strawberry.type(description="The terms in force.")
class Terms:
    number: int = strawberry.field(description="Counts the versions; people stay bound to the one they accepted.")
    text: str = strawberry.field(description="The full text.")


@strawberry_django.type(models.Program, only=["public_id"], description="A referral programme of this site.")
class Program(relay.Node):
    public_id: relay.NodeID[UUID]
    name: str = strawberry_django.field(description="What visitors read.")
    slug: str = strawberry_django.field(description="Names the programme in this API.")
    currency: str = strawberry_django.field(description="ISO 4217 code of its sales and rewards.")
    starts_at: datetime | None = strawberry_django.field(description="When it starts; null: at once.")
    ends_at: datetime | None = strawberry_django.field(description="When it ends; null: never.")
    is_open: bool = strawberry_django.field(
        description="Whether people can join and friends are credited now.", only=["status", "starts_at", "ends_at"]
    )

    @strawberry_django.field(description="The terms in force; null when the programme has none.", only=["terms"])
    def terms(self, root: strawberry.Parent[models.Program]) -> Terms | None:
        return Terms(number=terms_number(program=root), text=root.terms) if root.terms else None

    @strawberry_django.field(description="What each side is promised at present.")
    def offers(self, root: strawberry.Parent[models.Program]) -> list[Offer]:
        return _offers(root)  # type: ignore[return-value]

    @strawberry_django.field(
        description="The page to which referrers’ links lead.", select_related=["landing_page", "site"]
    )
    def landing_url(self, root: strawberry.Parent[models.Program]) -> str:
        return page_url(root.landing_page, fallback=root.site.root_url + "/")

    @strawberry_django.field(
        description="The page on which referrers join and find their link.", select_related=["share_page", "site"]
    )
    def share_url(self, root: strawberry.Parent[models.Program]) -> str:
        return page_url(root.share_page, fallback=root.site.root_url + "/")


def _offers(program: models.Program) -> QuerySet[RewardRule]:
    return active_rules(program_id=program.pk)
