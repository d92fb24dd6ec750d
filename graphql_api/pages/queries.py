"""Reads public pages."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.connections import MAX_PAGE
from graphql_api.context import Info
from graphql_api.programs.queries import program_of
from graphql_api.sites import SiteHost, site_named

from .found import of_program, page_at, public_pages
from .types import Page, PageConnection, PageList, PageType

Path = Annotated[str, strawberry.argument(description="As in the address, such as /invited/; / is the front page.")]
Type = Annotated[PageType | None, strawberry.argument(description="Only pages of this type.")]
OfProgram = Annotated[str | None, strawberry.argument(description="Only pages of the programme with this slug.")]
First = Annotated[int, strawberry.argument(description=f"How many: 0 to {MAX_PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="The cursor after which to go on.")]


@strawberry.type
class PagesQuery:
    @strawberry.field(
        description="The public page at a path of a site; null where there is none, and for pages behind a lock."
    )
    def page(self, info: Info, path: Path, site: SiteHost = None) -> Page | None:
        where = site_named(info, site)
        found = page_at(where, path)
        return Page.of_all([found], info, where)[0] if found is not None else None

    @strawberry.field(description="The public pages of a site with referral blocks, in the order of its page tree.")
    def pages(  # noqa: PLR0917 - the field’s arguments
        self,
        info: Info,
        type: Type = None,  # noqa: A002 - the field’s argument
        program: OfProgram = None,
        first: First = 20,
        after: After = None,
        site: SiteHost = None,
    ) -> PageConnection:
        where = site_named(info, site)
        found = public_pages(where, kind=type.value if type else None)
        if program is not None:
            wanted = program_of(info, program, site)
            found = of_program(found, wanted) if wanted else found.none()
        return PageConnection.resolve_connection(  # type: ignore[return-value]
            PageList(found, info, where), info=info, first=first, after=after, max_results=MAX_PAGE
        )
