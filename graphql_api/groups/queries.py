"""Reads groups."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info

from .types import Group, group_by_id

GroupId = Annotated[
    strawberry.ID,
    strawberry.argument(description="Its global id, or what a group’s link adds to the landing page’s address."),
]


@strawberry.type
class GroupsQuery:
    @strawberry.field(description="A group of this site, as everybody may see it; null for an unknown id.")
    def group(self, info: Info, id: GroupId) -> Group | None:  # noqa: A002 - the field’s argument
        found = group_by_id(info, str(id))
        return Group.of(found) if found else None
