"""Signing out: of an app by its access token, of a browser by its cookies, which are taken away."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info
from graphql_api.errors import UserError
from referral_blocks.flows.sign_out import sign_out, sign_out_browser
from referral_blocks.views.sign_in import sessions_of


@strawberry.input(description="What ends beside the caller’s own sign-in.")
class SignOutInput:
    everywhere: bool = strawberry.field(
        default=False,
        description="Whether all other browsers and apps in which the same referrer is signed in on this site are "
        "signed out too. It asks for a sign-in that still holds.",
    )


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
        "in all programmes of the site. What ends, ends for good, also for somebody who has copied the token or "
        "the cookie. One that holds no more needs no error."
    )
    def sign_out(
        self,
        info: Info,
        given: Annotated[SignOutInput | None, strawberry.argument(name="input", description="Of what else.")] = None,
    ) -> SignOutPayload | None:
        context = info.context
        site_id, everywhere = context.site.pk, given is not None and given.everywhere
        if context.bearer:
            sign_out(access_token=context.bearer, site_id=site_id, everywhere=everywhere)
        elif context.cookies:
            cookies = sessions_of(context.cookies).values()
            sign_out_browser(cookies=cookies, site_id=site_id, everywhere=everywhere)
            context.signed_out = True
        return SignOutPayload(ok=True)
