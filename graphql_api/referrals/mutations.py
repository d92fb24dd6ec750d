"""Brings friends in. A mutation is short and calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import get_language

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.people.types import PersonKind
from graphql_api.programs.types import Program
from graphql_api.scalars import EmailAddress
from referral_blocks.core.errors import DomainError
from referral_blocks.core.visitor import ip_hash
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.programs.selectors import program_by_slug


@strawberry.input(description="A friend’s details, and what says who invited them: a code, a token or the cookie.")
class CaptureReferralInput:
    program: str = strawberry.field(description="The programme’s slug.")
    email: EmailAddress = strawberry.field(description="The friend’s e-mail address.")
    name: str = strawberry.field(default="", description="The friend’s name.")
    phone: str = strawberry.field(default="", description="The friend’s phone number.")
    code: str = strawberry.field(default="", description="The referrer’s code, if the friend typed it.")
    token: str = strawberry.field(
        default="", description="The signed token that a referrer’s link adds to the landing page’s address (rt=…)."
    )
    kind: PersonKind | None = strawberry.field(default=None, description="What they are; a person if left out.")
    country: str = strawberry.field(default="", description="Their country’s two letters (ISO 3166-1), such as GB.")
    accept_terms: bool = strawberry.field(default=False, description="Whether the friend has accepted the terms.")


@strawberry.type(description="The same whether the friend was known before or not.")
class CaptureReferralPayload:
    program: Program | None = strawberry.field(default=None, description="The programme; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class ReferralsMutation:
    @strawberry.mutation(description="A friend leaves their details and is credited to the referrer, once.")
    def capture_referral(
        self,
        info: Info,
        given: Annotated[CaptureReferralInput, strawberry.argument(name="input", description="The friend.")],
    ) -> CaptureReferralPayload | None:
        try:
            with info.context.answered_evenly("capture_referral"):
                program = program_by_slug(site_id=info.context.site.pk, slug=given.program)
                capture_referral(
                    program=program,
                    email=given.email,
                    name=given.name,
                    phone=given.phone,
                    code=given.code,
                    token=given.token,
                    cookie=info.context.cookies.get(cookie_name(program), ""),
                    accept_terms=given.accept_terms,
                    locale=get_language() or "",
                    kind=given.kind.value if given.kind else "",
                    country=given.country,
                    ip_hash=ip_hash(info.context.request),
                )
        except DomainError as error:
            return CaptureReferralPayload(errors=user_errors(error))
        return CaptureReferralPayload(program=program)
