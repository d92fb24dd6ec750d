"""Reads programmes."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info
from referral_blocks.core.errors import DomainError
from referral_blocks.programs.selectors import program_by_slug

from .types import Program

Slug = Annotated[str, strawberry.argument(description="The programme’s slug on this site.")]


@strawberry.type
class ProgramsQuery:
    @strawberry.field(description="A programme of the site that is asked; null for an unknown one and for a draft.")
    def program(self, info: Info, slug: Slug) -> Program | None:
        try:
            return program_by_slug(site_id=info.context.site.pk, slug=slug)
        except DomainError:
            return None
