"""Recording a visit. A mutation is short and calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.programs.types import Program
from referral_blocks.core.errors import DomainError, InvalidInput
from referral_blocks.core.visitor import ip_hash, not_a_visit
from referral_blocks.flows.join_program import require_open
from referral_blocks.flows.record_visit import Visited, record_visit
from referral_blocks.referrals.attribution import link_from_token


@strawberry.input(description="The link that a friend came through.")
class RecordVisitInput:
    code: str = strawberry.field(description="The code at the end of the link’s address, /r/<code>/.")


@strawberry.type(description="What the friend’s browser should keep.")
class RecordVisitPayload:
    token: str | None = strawberry.field(
        default=None,
        description="Pass it to captureReferral; null when refused, and for a visitor who is a bot or a prefetch.",
    )
    greeting_name: str = strawberry.field(
        default="", description="The first name of who invited the friend, where they agreed to it; else empty."
    )
    program: Program | None = strawberry.field(default=None, description="The programme; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class VisitsMutation:
    @strawberry.mutation(
        description=(
            "A friend has followed a referrer’s link to a page of yours: counts the visit as /r/<code>/ does. Send it "
            "from the friend’s browser, once."
        )
    )
    def record_visit(
        self, info: Info, given: Annotated[RecordVisitInput, strawberry.argument(name="input", description="The link.")]
    ) -> RecordVisitPayload | None:
        try:
            info.context.check_rate("record_visit")
            visited = _record(info, given.code)
        except DomainError as error:
            return RecordVisitPayload(errors=user_errors(error))
        program = visited.program
        # Under first touch the token may be of an earlier visit: then whoever has the credit greets.
        link = link_from_token(token=visited.token, program=program) if program and visited.token else None
        return RecordVisitPayload(
            token=visited.token or None,
            greeting_name=link.greeting_name if link else "",
            program=program,  # type: ignore[arg-type]
        )


def _record(info: Info, code: str) -> Visited:
    """Raises DomainError where /r/<code>/ would lead on without credit."""
    request = info.context.request
    ignored = not_a_visit(request, methods=("POST",))
    visited = record_visit(
        code=code,
        site_id=info.context.site.pk,
        ip_hash=ip_hash(request),
        ignored_because=ignored,
        cookies=dict(info.context.cookies),
    )
    if visited.program is not None:
        require_open(visited.program)
    if visited.program is None or not (visited.token or ignored):
        raise InvalidInput(
            _("We do not know this code. Check it for typing errors."), code="unknown_code", path=("code",)
        )
    return visited
