"""A programme and its terms."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import relay

from graphql_api.context import Info
from graphql_api.rewards.types import RewardSide
from graphql_api.scalars import URL
from graphql_api.stranger import stranger_of
from referral_blocks.programs import models

from .offers import Offer, OfferTrigger, offers_of

Number = Annotated[int | None, strawberry.argument(description="Which version; by default the one that is in force.")]
Sides = Annotated[RewardSide | None, strawberry.argument(description="Only what this side gets.")]
Triggers = Annotated[
    list[OfferTrigger] | None, strawberry.argument(description="Only what waits for one of these; empty: nothing.")
]


@strawberry.enum(description="What a programme is in now.")
class ProgramPhase(Enum):
    DRAFT = strawberry.enum_value("draft", description="Not public yet.")
    SCHEDULED = strawberry.enum_value("scheduled", description="It has not started yet.")
    OPEN = strawberry.enum_value("open", description="People join, and friends are credited.")
    PAUSED = strawberry.enum_value("paused", description="Its pages stand, and nothing is credited.")
    ENDED = strawberry.enum_value("ended", description="It is over; what was promised is kept.")


@strawberry.type(description="A programme’s terms in one version.")
class Terms:
    number: int = strawberry.field(description="Counts the versions; people stay bound to the one they accepted.")
    text: str = strawberry.field(description="The full text.")
    is_in_force: bool = strawberry.field(description="Whether whoever joins now accepts this version.")


@strawberry_django.type(models.Program, only=["public_id"], description="A referral programme of this site.")
class Program(relay.Node):
    public_id: relay.NodeID[UUID]
    name: str = strawberry_django.field(description="What visitors read.")
    slug: str = strawberry_django.field(description="Names the programme in this API.")
    currency: str = strawberry_django.field(description="ISO 4217 code of its sales and rewards.")
    starts_at: datetime | None = strawberry_django.field(description="When it starts; null: at once.")
    ends_at: datetime | None = strawberry_django.field(description="When it ends; null: never.")
    time_zone: str = strawberry_django.field(description="Where its clock hangs, such as Europe/London.")
    is_open: bool = strawberry_django.field(
        description="Whether people can join and friends are credited now.", only=["status", "starts_at", "ends_at"]
    )

    @classmethod
    def reachable(cls, info: Info) -> QuerySet[models.Program]:
        """What ``program`` may show, for the root field node."""
        return models.Program.objects.filter(site=info.context.site).exclude(status=models.ProgramStatus.DRAFT)

    @strawberry_django.field(description="What it is in now.", only=["status", "starts_at", "ends_at"])
    def phase(self, root: strawberry.Parent[models.Program]) -> ProgramPhase:
        return ProgramPhase(root.phase.value)

    @strawberry_django.field(
        description="The terms; null when the programme has none, and for a version that nobody has accepted.",
        only=["terms"],
    )
    def terms(self, root: strawberry.Parent[models.Program], info: Info, number: Number = None) -> Terms | None:
        if number is not None:
            return _version(root, stranger_of(info).terms_numbered(root, number))
        if not root.terms:
            return None
        return Terms(number=stranger_of(info).terms_number(root), text=root.terms, is_in_force=True)

    @strawberry_django.field(
        description="What each side is promised at present, and what can be bought with points.", only=["currency"]
    )
    def offers(
        self,
        root: strawberry.Parent[models.Program],
        info: Info,
        side: Sides = None,
        triggers: Triggers = None,
    ) -> list[Offer]:
        stranger = stranger_of(info)
        promised = stranger.offer(root)
        rules = sorted([*promised.referrer, *promised.friend], key=lambda rule: rule.pk)
        if triggers is None or OfferTrigger.POINTS in triggers:
            rules += stranger.points_offers(root)
        asked = {trigger.value for trigger in triggers} if triggers is not None else None
        found = [
            rule
            for rule in rules
            if (side is None or rule.side == side.value) and (asked is None or rule.trigger in asked)
        ]
        return offers_of(found, program=root)

    @strawberry_django.field(
        description="The page to which referrers’ links lead.", select_related=["landing_page", "site"]
    )
    def landing_url(self, root: strawberry.Parent[models.Program], info: Info) -> URL:
        return _page_url(root, info, "landing_page")

    @strawberry_django.field(
        description="The page on which referrers join and find their link.", select_related=["share_page", "site"]
    )
    def share_url(self, root: strawberry.Parent[models.Program], info: Info) -> URL:
        return _page_url(root, info, "share_page")

    @strawberry_django.field(
        description="The page on which referrers see friends and rewards; where there is none, the share page.",
        select_related=["portal_page", "share_page", "site"],
    )
    def portal_url(self, root: strawberry.Parent[models.Program], info: Info) -> URL:
        return stranger_of(info).page_href(root, "portal_page") or _page_url(root, info, "share_page")

    @strawberry_django.field(
        description="The page on which the terms stand by themselves; null where there is none.",
        select_related=["terms_page"],
    )
    def terms_url(self, root: strawberry.Parent[models.Program], info: Info) -> URL | None:
        return stranger_of(info).page_href(root, "terms_page") or None


def _version(program: models.Program, version: models.TermsVersion | None) -> Terms | None:
    if version is None:
        return None
    return Terms(number=version.number, text=version.text, is_in_force=version.text == program.terms)


def _page_url(program: models.Program, info: Info, field: str) -> str:
    return stranger_of(info).page_href(program, field) or program.site.root_url + "/"
