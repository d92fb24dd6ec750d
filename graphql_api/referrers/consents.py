"""Where a referrer's first name may be read."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.signed_in import OwnPayload, require_referrer
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.change_consents import change_consents
from referral_blocks.referrers.models import Referrer

WHICH = "The programme’s slug; needed only by somebody who is signed in to several."


@strawberry.type(description="Where a referrer’s first name may be read.")
class Consents:
    greeting: bool = strawberry.field(description="Whether friends are greeted with it.")
    leaderboard: bool = strawberry.field(description="Whether leaderboards show it; “Anonymous” otherwise.")

    @classmethod
    def of(cls, referrer: Referrer) -> Consents:
        return cls(greeting=referrer.greeting_consent, leaderboard=referrer.leaderboard_consent)


@strawberry.input(description="Where the referrer’s first name may be read; what is left out stays as it is.")
class ChangeConsentsInput:
    greeting: bool | None = strawberry.field(default=None, description="Whether friends are greeted with it.")
    leaderboard: bool | None = strawberry.field(default=None, description="Whether leaderboards show it.")
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="The referrer’s consents.")
class ChangeConsentsPayload(OwnPayload):
    consents: Consents | None = strawberry.field(default=None, description="As they are now; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class ConsentsMutation:
    @strawberry.mutation(description="Say where the signed-in referrer’s first name may be read.")
    def change_consents(
        self, info: Info, given: Annotated[ChangeConsentsInput, strawberry.argument(name="input", description="Where.")]
    ) -> ChangeConsentsPayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose="change_consents")
        except DomainError as error:
            return ChangeConsentsPayload(errors=user_errors(error))
        change_consents(
            referrer=referrer,
            greeting=referrer.greeting_consent if given.greeting is None else given.greeting,
            leaderboard=referrer.leaderboard_consent if given.leaderboard is None else given.leaderboard,
        )
        return ChangeConsentsPayload(consents=Consents.of(referrer), session=info.context.session(given.program))
