"""Reads public pages."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.connections import MAX_PAGE
from graphql_api.context import Info
from graphql_api.programs.queries import program_of

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
        description="The public page at a path of this site; null where there is none, and for pages behind a lock."
    )
    def page(self, info: Info, path: Path) -> Page | None:
        found = page_at(info.context.site, path)
        return Page.of_all([found], info)[0] if found is not None else None

    @strawberry.field(description="The public pages of this site with referral blocks, in the order of its page tree.")
    def pages(
        self,
        info: Info,
        type: Type = None,  # noqa: A002 - the field’s argument
        program: OfProgram = None,
        first: First = 20,
        after: After = None,
    ) -> PageConnection:
        found = public_pages(info.context.site, kind=type.value if type else None)
        if program is not None:
            wanted = program_of(info, program)
            found = of_program(found, wanted) if wanted else found.none()
        return PageConnection.resolve_connection(  # type: ignore[return-value]
            PageList(found, info), info=info, first=first, after=after, max_results=MAX_PAGE
        )
