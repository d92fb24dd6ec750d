"""Reads programmes."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info
from graphql_api.sites import SiteHost, site_named
from referral_blocks.core.errors import DomainError
from referral_blocks.programs import models
from referral_blocks.programs.selectors import only_live_program, program_by_slug

from .types import Program

Slug = Annotated[
    str | None,
    strawberry.argument(description="The programme’s slug on its site; by default the site’s only live programme."),
]


def program_of(info: Info, slug: str | None, site: str | None = None) -> models.Program | None:
    """What a field’s arguments mean; None for an unknown slug, and without one where none or several are live. Raises
    GraphQLError for an unknown site."""
    site_id = site_named(info, site).pk
    if slug is None:
        return only_live_program(site_id=site_id)
    try:
        return program_by_slug(site_id=site_id, slug=slug)
    except DomainError:
        return None


@strawberry.type
class ProgramsQuery:
    @strawberry.field(
        description=(
            "A programme of the site that is asked or named; null for an unknown one and for a draft, and where no "
            "slug is given and none or several are live."
        )
    )
    def program(self, info: Info, slug: Slug = None, site: SiteHost = None) -> Program | None:
        return program_of(info, slug, site)  # type: ignore[return-value]
