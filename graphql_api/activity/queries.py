"""The same news for those who ask from time to time."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from graphql_api.access.scopes import NeedsScope
from graphql_api.context import Info
from graphql_api.errors import ErrorCode, refusal
from graphql_api.permissions import require_scope
from referral_blocks.access.models import Scope
from referral_blocks.activity.selectors import Page, of_program, of_referrer, read_after
from referral_blocks.core.errors import DomainError
from referral_blocks.programs.selectors import program_by_slug

from .types import MAX_ACTIVITY, ActivityUpdate, cursor_of, shown_to_referrer

After = Annotated[
    str | None,
    strawberry.argument(description="The cursor of the last answer; without it nothing but the cursor of now is told."),
]
First = Annotated[
    int | None, strawberry.argument(description=f"At most so many, up to {MAX_ACTIVITY}, which is also the default.")
]


@strawberry.type
class ActivityServer:
    @strawberry.field(
        description="What has happened in a programme since a cursor, for polling; the subscription programActivity "
        "tells the same as it happens. Null for a programme that is unknown here.",
        extensions=[NeedsScope(Scope.ACTIVITY_READ)],
    )
    def program_activity(
        self,
        info: Info,
        program: Annotated[str, strawberry.argument(description="The programme’s slug.")],
        after: After = None,
        first: First = None,
    ) -> ActivityUpdate | None:
        worker = require_scope(info.context, Scope.ACTIVITY_READ)
        try:
            found = program_by_slug(site_id=worker.site_id, slug=program)
        except DomainError:
            return None
        rows = of_program(program_id=found.pk).select_related("referrer")
        page = read_after(rows=rows, cursor=cursor_of(after), limit=_limit(first))
        return ActivityUpdate.of(page.rows, page.cursor, page.has_more)


def own_activity(referrer_id: int, after: str | None, first: int | None) -> ActivityUpdate:
    """What a referrer is told of their own."""
    page: Page = read_after(rows=of_referrer(referrer_id=referrer_id), cursor=cursor_of(after), limit=_limit(first))
    return ActivityUpdate(activities=shown_to_referrer(page.rows), cursor=str(page.cursor), has_more=page.has_more)


def _limit(first: int | None) -> int:
    if first is None:
        return MAX_ACTIVITY
    if not 1 <= first <= MAX_ACTIVITY:
        raise refusal(ErrorCode.BAD_USER_INPUT, _("“first” has to be from 1 to %(max)d.") % {"max": MAX_ACTIVITY})
    return first
