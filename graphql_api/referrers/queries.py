"""Says who is signed in."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info

from .types import Viewer

WHICH = "The slug of the programme; needed only by somebody who is signed in to several."


@strawberry.type
class ReferrersQuery:
    @strawberry.field(
        description=(
            "The referrer whose session was sent, as a bearer token or in the site’s own cookie; null when nobody is "
            "signed in. A bearer token that does not hold gives the error UNAUTHENTICATED."
        )
    )
    def viewer(
        self, info: Info, program: Annotated[str | None, strawberry.argument(description=WHICH)] = None
    ) -> Viewer | None:
        session = info.context.session(program)
        return Viewer(session=session) if session else None
