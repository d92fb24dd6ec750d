"""A group: its places, its deadline and how it stands; who is in it is nobody’s business."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from django.db.models import QuerySet
from strawberry import relay

from graphql_api.context import Info
from graphql_api.programs.offers import Offer, offers_of
from graphql_api.programs.types import Program
from graphql_api.stranger import stranger_of
from referral_blocks.groups import models
from referral_blocks.groups.selectors import counted_groups, state_now
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.rewards.models import Trigger


@strawberry.enum(description="How a group stands.")
class GroupState(Enum):
    OPEN = strawberry.enum_value("open", description="Friends can join.")
    FULL = strawberry.enum_value("full", description="All places are taken, and not everybody has bought yet.")
    COMPLETE = strawberry.enum_value("complete", description="Enough friends have bought: everybody is rewarded.")
    EXPIRED = strawberry.enum_value("expired", description="Its time is over.")


@strawberry.type(description="What a programme offers to groups.")
class GroupOffer:
    title: str = strawberry.field(description="What people read.")
    size: int = strawberry.field(description="How many friends have to buy, without the one who opens the group.")
    hours: int = strawberry.field(description="How long a group is open.")

    @classmethod
    def of(cls, offer: models.GroupOffer) -> GroupOffer:
        return cls(title=offer.title, size=offer.size, hours=offer.hours)


@strawberry.type(description="A group of friends who buy together, as everybody may see it.")
class Group(relay.Node):
    public_id: relay.NodeID[str]
    group: strawberry.Private[models.Group]

    @strawberry.field(description="What the group is for, in the offer’s words.")
    def title(self) -> str:
        return self.group.offer.title

    @strawberry.field(description="How it stands now.")
    def state(self) -> GroupState:
        return GroupState(state_now(self.group, taken=self._taken))

    @strawberry.field(description="How many places it has, without the one who opened it.")
    def places(self) -> int:
        return self.group.size

    @strawberry.field(description="How many of them are taken.")
    def places_taken(self) -> int:
        return self._taken

    @strawberry.field(description="How many of them are free.")
    def places_free(self) -> int:
        return max(self.group.size - self._taken, 0)

    @strawberry.field(description="On how many places somebody has bought already.")
    def places_bought(self) -> int:
        return int(self.group.bought)  # type: ignore[attr-defined] # counted_groups adds it

    @strawberry.field(description="Until when everybody has to have bought.")
    def deadline(self) -> datetime:
        return self.group.deadline

    @strawberry.field(description="The programme that it belongs to.")
    def program(self) -> Program:
        return self.group.offer.program  # type: ignore[return-value]

    @strawberry.field(description="What both sides get when it is complete.")
    def prizes(self, info: Info) -> list[Offer]:
        program = self.group.offer.program
        return offers_of(stranger_of(info).rules_for(program, Trigger.GROUP), program=program)

    @property
    def _taken(self) -> int:
        return int(self.group.taken)  # type: ignore[attr-defined] # counted_groups adds it

    @classmethod
    def of(cls, group: models.Group) -> Group:
        """The API’s view of a group that ``counted_groups`` gave."""
        return cls(public_id=str(group.public_id), group=group)

    @classmethod
    def resolve_nodes(cls, *, info: Info, node_ids: Iterable[str], required: bool = False) -> list[Group | None]:  # type: ignore[override]
        ids = list(node_ids)
        wanted = [UUID(text) for text in ids if _is_uuid(text)]
        found = {str(group.public_id): cls.of(group) for group in groups_of(info).filter(public_id__in=wanted)}
        return [found.get(text) for text in ids]


def groups_of(info: Info) -> QuerySet[models.Group, Any]:
    """The groups of the site that is asked, with how many places are taken and bought."""
    groups = counted_groups().select_related("offer__program__site")
    return groups.filter(offer__program__site_id=info.context.site.pk).exclude(
        offer__program__status=ProgramStatus.DRAFT
    )


def group_by_id(info: Info, text: str) -> models.Group | None:
    """The group with this id, be it global or the one that a group’s link carries."""
    if not _is_uuid(text):
        try:
            given = relay.GlobalID.from_id(text)
        except relay.GlobalIDValueError:
            return None
        text = given.node_id if given.type_name == "Group" else ""
    return groups_of(info).filter(public_id=UUID(text)).first() if _is_uuid(text) else None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
