"""Following a programme. A subscription is resolved like a query, once for every piece of news; graphql_api/stream/
says when."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from graphql_api.access.scopes import needs
from graphql_api.context import Context, Info
from graphql_api.errors import ErrorCode, refusal
from graphql_api.permissions import require_scope
from referral_blocks.access.models import Scope
from referral_blocks.activity.selectors import of_program
from referral_blocks.core.errors import DomainError
from referral_blocks.programs.selectors import program_by_slug

from .live import Topic, next_page
from .types import ActivityUpdate

AFTER = "The last cursor that was received, to miss nothing meanwhile; without it, from now on."
After = Annotated[str | None, strawberry.argument(description=AFTER)]


@strawberry.type
class ActivitySubscription:
    @strawberry.field(description=f"All that happens in a programme. {needs(Scope.ACTIVITY_READ)}")
    def program_activity(
        self,
        info: Info,
        program: Annotated[str, strawberry.argument(description="The programme’s slug.")],
        after: After = None,
    ) -> ActivityUpdate:
        program_id = _program_id(info.context, program)

        def check(context: Context) -> None:
            if _program_id(context, program) != program_id:
                raise _unknown_program()

        topic = Topic(program_id, None, same_for_all=True, check=check)
        page = next_page(info.context, topic, of_program(program_id=program_id), after)
        return ActivityUpdate.of(page.rows, page.cursor, page.has_more)


def _program_id(context: Context, slug: str) -> int:
    worker = require_scope(context, Scope.ACTIVITY_READ)
    try:
        return program_by_slug(site_id=worker.site_id, slug=slug).pk
    except DomainError:
        raise _unknown_program() from None


def _unknown_program() -> Exception:
    return refusal(ErrorCode.BAD_USER_INPUT, _("There is no such programme on this site."))
