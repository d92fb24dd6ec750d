"""How an app stays signed in, and signs out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

import strawberry

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.programs.types import Program
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.exchange_login_token import exchange_login_token_in_app
from referral_blocks.flows.refresh_session import refresh_session
from referral_blocks.flows.revoke_session import revoke_session
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.tokens import Tokens


@strawberry.input(description="The token from a sign-in link.")
class ExchangeLoginTokenInput:
    token: str = strawberry.field(description="The part of the sign-in link after …/sign-in/.")


@strawberry.input(description="The newest refresh token of an app’s sign-in.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="As it was given; it works once.")


@strawberry.input(description="Which sign-in ends.")
class RevokeSessionInput:
    refresh_token: str = strawberry.field(description="A refresh token of the sign-in that ends.")
    everywhere: bool = strawberry.field(
        default=False,
        description="Whether all other apps and browsers in which the same referrer is signed in on this site are "
        "signed out too.",
    )


@strawberry.type
class SessionPayload:
    token: str | None = strawberry.field(
        default=None,
        description="The access token: send it as “Authorization: Bearer …”, keep it secret; null when refused.",
    )
    expires_at: datetime | None = strawberry.field(default=None, description="When the access token stops to work.")
    refresh_token: str | None = strawberry.field(
        default=None,
        description=(
            "For refreshSession. It works once and gives the next one. One that is used twice ends the sign-in: "
            "somebody else has it too."
        ),
    )
    refresh_until: datetime | None = strawberry.field(
        default=None, description="When the sign-in ends, however often it is refreshed."
    )
    program: Program | None = strawberry.field(default=None, description="The programme that it is for.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")

    @classmethod
    def of(cls, referrer: Referrer, tokens: Tokens) -> Self:
        return cls(
            token=tokens.access,
            expires_at=tokens.expires_at,
            refresh_token=tokens.refresh,
            refresh_until=tokens.refresh_until,
            program=referrer.program,  # type: ignore[arg-type]
        )


@strawberry.type(description="A sign-in in an app.")
class ExchangeLoginTokenPayload(SessionPayload):
    pass


@strawberry.type(description="The sign-in goes on with new tokens.")
class RefreshSessionPayload(SessionPayload):
    pass


@strawberry.type(description="The same whether there was a sign-in to end or not.")
class RevokeSessionPayload:
    ok: bool = strawberry.field(default=False, description="True: no token of the sign-in works any more.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class SessionsMutation:
    @strawberry.mutation(description="Turn the token of a sign-in link into an app’s sign-in.")
    def exchange_login_token(
        self,
        info: Info,
        given: Annotated[ExchangeLoginTokenInput, strawberry.argument(name="input", description="The token.")],
    ) -> ExchangeLoginTokenPayload | None:
        try:
            info.context.check_rate("exchange_login_token")
            signed_in = exchange_login_token_in_app(token=given.token, site_id=info.context.site.pk)
        except DomainError as error:
            return ExchangeLoginTokenPayload(errors=user_errors(error))
        return ExchangeLoginTokenPayload.of(signed_in.referrer, signed_in.tokens)

    @strawberry.mutation(description="Get the next access token, and the next refresh token with it.")
    def refresh_session(
        self,
        info: Info,
        given: Annotated[RefreshSessionInput, strawberry.argument(name="input", description="The refresh token.")],
    ) -> RefreshSessionPayload | None:
        try:
            info.context.check_rate("refresh_session")
            refreshed = refresh_session(refresh_token=given.refresh_token, site_id=info.context.site.pk)
        except DomainError as error:
            return RefreshSessionPayload(errors=user_errors(error))
        return RefreshSessionPayload.of(refreshed.referrer, refreshed.tokens)

    @strawberry.mutation(description="Sign an app out: its tokens stop to work at once.")
    def revoke_session(
        self,
        info: Info,
        given: Annotated[RevokeSessionInput, strawberry.argument(name="input", description="Which one.")],
    ) -> RevokeSessionPayload | None:
        try:
            info.context.check_rate("revoke_session")
        except DomainError as error:
            return RevokeSessionPayload(errors=user_errors(error))
        revoke_session(refresh_token=given.refresh_token, site_id=info.context.site.pk, everywhere=given.everywhere)
        return RevokeSessionPayload(ok=True)
