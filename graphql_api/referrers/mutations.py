"""Joining, and asking for a sign-in link. A mutation is short and calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import get_language

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.links.types import ReferralLink
from graphql_api.people.types import PersonKind
from graphql_api.programs.types import Program
from graphql_api.scalars import URL, EmailAddress
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.request_login_link import request_login_link
from referral_blocks.programs.selectors import program_by_slug

from .sessions import SessionsMutation

RETURN_TO = (
    "A page of yours to which the sign-in link leads, with #referral-sign-in=… for exchangeLoginToken; the site’s "
    "setting SIGN_IN_RETURN_ADDRESSES has to name it. Empty: the link signs in to the site itself."
)


@strawberry.input(description="Who wants to join which programme.")
class JoinProgramInput:
    program: str = strawberry.field(description="The programme’s slug.")
    email: EmailAddress = strawberry.field(description="Their e-mail address; the link is mailed there too.")
    name: str = strawberry.field(default="", description="Their name.")
    kind: PersonKind | None = strawberry.field(default=None, description="What they are; a person if left out.")
    country: str = strawberry.field(default="", description="Their country’s two letters (ISO 3166-1), such as GB.")
    accept_terms: bool = strawberry.field(default=False, description="Whether they have accepted the terms.")
    greeting_consent: bool = strawberry.field(
        default=False, description="Whether friends may be greeted with their first name."
    )
    return_to: URL | None = strawberry.field(default=None, description=RETURN_TO)


@strawberry.type(description="The same whether they had joined before or not.")
class JoinProgramPayload:
    program: Program | None = strawberry.field(default=None, description="The programme; null when refused.")
    link: ReferralLink | None = strawberry.field(default=None, description="Their link; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Whose mailbox gets a sign-in link.")
class RequestLoginLinkInput:
    program: str = strawberry.field(description="The programme’s slug.")
    email: EmailAddress = strawberry.field(description="The referrer’s e-mail address.")
    return_to: URL | None = strawberry.field(default=None, description=RETURN_TO)


@strawberry.type(description="The same for known and unknown addresses.")
class RequestLoginLinkPayload:
    ok: bool = strawberry.field(default=False, description="True: if the address is known, a link is on its way.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class ReferrersMutation(SessionsMutation):
    @strawberry.mutation(description="Join a programme, or find the link again: the same address joins once.")
    def join_program(
        self, info: Info, given: Annotated[JoinProgramInput, strawberry.argument(name="input", description="Who.")]
    ) -> JoinProgramPayload | None:
        try:
            with info.context.answered_evenly("join_program"):
                program = program_by_slug(site_id=info.context.site.pk, slug=given.program)
                joined = join_program(
                    program=program,
                    email=given.email,
                    name=given.name,
                    accept_terms=given.accept_terms,
                    greeting_consent=given.greeting_consent,
                    locale=get_language() or "",
                    kind=given.kind.value if given.kind else "",
                    country=given.country,
                    return_to=given.return_to or "",
                )
        except DomainError as error:
            return JoinProgramPayload(errors=user_errors(error))
        # What is selected of them is read after the wait, from the same objects for everybody.
        joined.link.referrer, joined.referrer.program = joined.referrer, program
        return JoinProgramPayload(program=program, link=joined.link)  # type: ignore[arg-type]

    @strawberry.mutation(description="Ask for a sign-in link by mail.")
    def request_login_link(
        self, info: Info, given: Annotated[RequestLoginLinkInput, strawberry.argument(name="input", description="Who.")]
    ) -> RequestLoginLinkPayload | None:
        try:
            info.context.check_rate("request_login_link")
            program = program_by_slug(site_id=info.context.site.pk, slug=given.program)
            request_login_link(program=program, email=given.email, return_to=given.return_to or "")
        except DomainError as error:
            return RequestLoginLinkPayload(errors=user_errors(error))
        return RequestLoginLinkPayload(ok=True)
