"""The groups that a referrer has opened, and opening one: unlike everybody else, they see who is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from strawberry import relay
from strawberry.relay.utils import to_base64

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.groups.types import GroupState
from graphql_api.scalars import URL
from graphql_api.signed_in import Own, OwnPayload, node_key, require_referrer
from referral_blocks.core.errors import DomainError, NotFound
from referral_blocks.flows.open_group import open_group
from referral_blocks.groups import models
from referral_blocks.groups.selectors import counted_groups, group_offers, state_now
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.selectors import group_url
from referral_blocks.referrers.models import Referrer

WHICH = "The programme’s slug; needed only by somebody who is signed in to several."
MEMBERS = models.GroupMember.objects.select_related("referral").order_by("place")
CODE = Subquery(ReferralLink.objects.filter(referrer=OuterRef("opener"), is_primary=True).values("code")[:1])
OPENED = ["opener__program__site"]


@strawberry.type(description="A friend in a group.")
class ViewerGroupMember:
    first_name: str = strawberry.field(description="Their first name; empty when it is not known.")
    has_bought: bool = strawberry.field(description="Whether they have bought.")
    joined_at: datetime = strawberry.field(description="When they took their place.")


@strawberry_django.type(models.Group, only=["public_id"], description="A group as the referrer who opened it sees it.")
class ViewerGroup(Own, relay.Node):
    public_id: relay.NodeID[UUID]
    places: int = strawberry_django.field(
        field_name="size", description="How many places it has, without the one who opened it."
    )
    deadline: datetime = strawberry_django.field(description="Until when everybody has to have bought.")
    created_at: datetime = strawberry_django.field(description="When it was opened.")

    @classmethod
    def own(cls, referrers: list[Referrer]) -> Q:
        return Q(opener__in=referrers)

    @classmethod
    def reachable(cls, info: Info) -> QuerySet[models.Group]:
        """With what its fields read, for the root field node."""
        return counted_groups().select_related(None)

    @strawberry_django.field(
        description="What the group is for, in the offer’s words.", only=["offer__title"], select_related=["offer"]
    )
    def title(self, root: strawberry.Parent[models.Group]) -> str:
        return root.offer.title

    @strawberry_django.field(description="How it stands now.", only=["state", "deadline", "size"])
    def state(self, root: strawberry.Parent[models.Group]) -> GroupState:
        return GroupState(state_now(root, taken=_taken(root)))

    @strawberry_django.field(description="How many of its places are taken.")
    def places_taken(self, root: strawberry.Parent[models.Group]) -> int:
        return _taken(root)

    @strawberry_django.field(description="On how many places somebody has bought, in a way that counts.")
    def places_bought(self, root: strawberry.Parent[models.Group]) -> int:
        return root.bought  # type: ignore[attr-defined, no-any-return] # own_groups adds it

    @strawberry_django.field(
        description="The address to share: the referrer’s link, which leads into this group.",
        select_related=OPENED,
        annotate={"primary_code": CODE},
    )
    def url(self, root: strawberry.Parent[models.Group]) -> URL | None:
        code = root.primary_code if hasattr(root, "primary_code") else _primary_code(root)
        return group_url(ReferralLink(referrer=root.opener, code=code), root.public_id) if code else None

    @strawberry_django.field(
        description="Who has a place, in the order of the places.",
        prefetch_related=[Prefetch("members", queryset=MEMBERS, to_attr="shown_members")],
    )
    def members(self, root: strawberry.Parent[models.Group]) -> list[ViewerGroupMember]:
        rows = getattr(root, "shown_members", None)
        return [
            ViewerGroupMember(
                first_name=m.referral.friend_first_name, has_bought=m.bought_at is not None, joined_at=m.joined_at
            )
            for m in (MEMBERS.filter(group=root) if rows is None else rows)
        ]


@strawberry.type(description="Something for which the referrer can open a group.")
class ViewerGroupOffer:
    id: strawberry.ID = strawberry.field(description="Names it in openGroup.")
    title: str = strawberry.field(description="What people read.")
    size: int = strawberry.field(description="How many friends have to buy, without the one who opens the group.")
    hours: int = strawberry.field(description="How long a group is open.")


@strawberry.input(description="What a group is opened for.")
class OpenGroupInput:
    offer: strawberry.ID = strawberry.field(description="The id of one of viewer.groupOffers.")
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="The new group.")
class OpenGroupPayload(OwnPayload):
    group: ViewerGroup | None = strawberry.field(default=None, description="The group; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class OpenedGroupsMutation:
    @strawberry.mutation(description="Open a group for the signed-in referrer’s friends: one at a time for each offer.")
    def open_group(
        self, info: Info, given: Annotated[OpenGroupInput, strawberry.argument(name="input", description="For what.")]
    ) -> OpenGroupPayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose="open_group")
            group = open_group(referrer=referrer, offer=_offer(referrer, given.offer))
        except DomainError as error:
            return OpenGroupPayload(errors=user_errors(error))
        return OpenGroupPayload(
            group=own_groups(referrer).get(pk=group.pk),  # type: ignore[arg-type]
            session=info.context.session(given.program),
        )


def own_groups(referrer: Referrer) -> QuerySet[models.Group]:
    """What the referrer has opened, newest first, with ``taken`` and ``bought``."""
    # What is loaded along, the query of the API says itself.
    return counted_groups().select_related(None).filter(opener=referrer).order_by("-pk")


def own_group_offers(referrer: Referrer, *, limit: int) -> list[ViewerGroupOffer]:
    """What the programme offers to groups at present."""
    return [
        ViewerGroupOffer(id=group_offer_id(offer), title=offer.title, size=offer.size, hours=offer.hours)
        for offer in group_offers(program_id=referrer.program_id)[:limit]
    ]


def group_offer_id(offer: models.GroupOffer) -> strawberry.ID:
    """The global id of an offer to groups."""
    return strawberry.ID(to_base64("ViewerGroupOffer", offer.pk))


def _offer(referrer: Referrer, global_id: str) -> models.GroupOffer:
    key = node_key(global_id, "ViewerGroupOffer")
    found = models.GroupOffer.objects.filter(program=referrer.program_id)
    offer = found.filter(pk=int(key)).first() if key.isascii() and key.isdecimal() and len(key) < 19 else None
    if offer is None:
        raise NotFound(_("There is no such offer in this programme."), path=("offer",))
    return offer


def _taken(group: models.Group) -> int:
    return group.taken  # type: ignore[attr-defined, no-any-return] # own_groups adds it


def _primary_code(group: models.Group) -> str | None:
    links = ReferralLink.objects.filter(referrer=group.opener_id, is_primary=True)
    return links.values_list("code", flat=True).first()
