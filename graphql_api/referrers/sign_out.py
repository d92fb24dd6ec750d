"""Signing out: of an app by its access token, of a browser by taking its cookies away."""

from __future__ import annotations

import strawberry

from graphql_api.context import Info
from graphql_api.errors import UserError
from referral_blocks.flows.sign_out import sign_out


@strawberry.type(description="The same whether anybody was signed in or not.")
class SignOutPayload:
    ok: bool = strawberry.field(description="True: what was sent with the request signs nobody in any more.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Always empty: here as in every other payload."
    )


@strawberry.type
class SignOutMutation:
    @strawberry.mutation(
        description="Sign out whoever the request signs in: the app whose access token was sent, or else this browser, "
        "in all programmes of the site. A token that holds no more needs no error."
    )
    def sign_out(self, info: Info) -> SignOutPayload | None:
        context = info.context
        if context.bearer:
            sign_out(access_token=context.bearer)
        elif context.cookies:
            context.signed_out = True
        return SignOutPayload(ok=True)
