"""Programmes, as the site's own systems and staff find them: what every other list is narrowed by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import relay

from graphql_api.access.filters import is_
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.permissions import Worker, not_with_rights, require_worker
from graphql_api.programs.types import ProgramPhase
from referral_blocks.admin.permissions import may
from referral_blocks.programs import models
from referral_blocks.programs.selectors import in_phases

# Whom Wagtail shows its list of programmes.
RIGHTS = ("view_program", "add_program", "change_program", "delete_program")


@strawberry_django.type(
    models.Program,
    only=["public_id"],
    description="A programme, as lists of the site’s own systems and staff show it; what it promises and its terms are "
    "in the query program, by its slug.",
)
class ProgramRecord(relay.Node):
    public_id: relay.NodeID[UUID]
    name: str = strawberry_django.field(description="What visitors read.")
    slug: str = strawberry_django.field(description="Names the programme in this API.")
    currency: str = strawberry_django.field(description="ISO 4217 code of its sales and rewards.")
    starts_at: datetime | None = strawberry_django.field(description="When it starts; null: at once.")
    ends_at: datetime | None = strawberry_django.field(description="When it ends; null: never.")
    time_zone: str = strawberry_django.field(description="Where its clock hangs, such as Europe/London.")
    created_at: datetime = strawberry_django.field(description="When it was made.")
    is_open: bool = strawberry_django.field(
        description="Whether people can join and friends are credited now.", only=["status", "starts_at", "ends_at"]
    )

    @strawberry_django.field(description="What it is in now.", only=["status", "starts_at", "ends_at"])
    def phase(self, root: strawberry.Parent[models.Program]) -> ProgramPhase:
        return ProgramPhase(root.phase.value)

    @classmethod
    def get_queryset(cls, queryset: QuerySet[models.Program], info: Info, **_given: Any) -> QuerySet[models.Program]:
        """A draft is staff’s alone: to a key it is as unknown as everywhere else in the API."""
        worker = require_worker(info.context)
        if not _may_list(worker):
            return queryset.none()
        rows = queryset.filter(site=worker.site_id)
        return rows if worker.user is not None else rows.exclude(status=models.ProgramStatus.DRAFT)


def _may_list(worker: Worker) -> bool:
    return worker.user is None or may(worker.user, *RIGHTS)


@strawberry.enum(description="In which order programmes come.")
class ProgramOrder(Enum):
    BY_NAME = strawberry.enum_value("name", description="By name, from A to Z.")
    NEWEST_FIRST = strawberry.enum_value("-created_at", description="What was made last.")
    OLDEST_FIRST = strawberry.enum_value("created_at", description="What was made first.")


@strawberry.input(description="Which programmes are asked for; what is left out holds for all.")
class ProgramFilter:
    phases: list[ProgramPhase] | None = strawberry.field(default=None, description="Those that are in one of these.")
    slug: str | None = strawberry.field(default=None, description="The one with this slug.")


@strawberry.type
class ProgramsServer:
    @strawberry_django.connection(
        Pages[ProgramRecord] | None,  # type: ignore[arg-type]
        description=f"The site’s programmes, at most {MAX_PAGE} at once; drafts are shown to staff alone. For any key "
        "of the site, whatever its scopes, and for staff who may see programmes in the admin.",
        max_results=MAX_PAGE,
    )
    def programs(
        self,
        info: Info,
        only: Annotated[ProgramFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
        order_by: Annotated[ProgramOrder, strawberry.argument(description="Which come first.")] = ProgramOrder.BY_NAME,
    ) -> Iterable[ProgramRecord]:
        worker = require_worker(info.context)
        if not _may_list(worker):
            raise not_with_rights()
        wanted = only or ProgramFilter()
        rows = models.Program.objects.filter(is_("slug", wanted.slug), site=worker.site_id)
        if wanted.phases is not None:
            rows = rows.filter(in_phases(phase.value for phase in wanted.phases))
        return rows.order_by(order_by.value, "-pk")  # type: ignore[return-value]
