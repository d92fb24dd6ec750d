"""A referrer says where to be paid."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.scalars import URL
from graphql_api.signed_in import OwnPayload, require_referrer
from referral_blocks.core.errors import DomainError, NotPossibleNow
from referral_blocks.core.ratelimit import check_rate
from referral_blocks.flows.connect_payout_account import connect_payout_account
from referral_blocks.payouts.account import AccountStates
from referral_blocks.payouts.selectors import account_of
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session
from referral_blocks.views.payout_accounts import LIMIT, account_urls

from .types import PayoutAccount, accounts_of, needs_account

WHICH = "The programme’s slug; needed only by somebody who is signed in to several."


@strawberry.input(description="With which provider, and from which country.")
class ConnectPayoutAccountInput:
    provider: str = strawberry.field(description="The provider, as viewer.payoutAccounts names it.")
    country: str = strawberry.field(
        default="", description="Their country’s two letters (ISO 3166-1), such as GB, where it is missing."
    )
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="Where to go on.")
class ConnectPayoutAccountPayload(OwnPayload):
    url: URL | None = strawberry.field(
        default=None,
        description="The provider’s page: lead the referrer there at once, and keep it nowhere. It works once, and "
        "leads back to this site. Null when refused.",
    )
    account: PayoutAccount | None = strawberry.field(default=None, description="The account; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class PayoutsMutation:
    @strawberry.mutation(
        description="Begin, or go on, to tell a payment provider where the signed-in referrer is paid to. Refused for "
        "an account that is ready: who gets hold of a session must not redirect what its owner earns."
    )
    def connect_payout_account(
        self,
        info: Info,
        given: Annotated[ConnectPayoutAccountInput, strawberry.argument(name="input", description="Which.")],
    ) -> ConnectPayoutAccountPayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose="connect_payout_account")
            return _connected(referrer, given, info.context.session(given.program))
        except DomainError as error:
            return ConnectPayoutAccountPayload(errors=user_errors(error))


@sensitive_variables("url", "urls")
def _connected(
    referrer: Referrer, given: ConnectPayoutAccountInput, session: Session | None
) -> ConnectPayoutAccountPayload:
    person, provider = referrer.person, given.provider
    # What is no provider's name never reaches the database: the flow refuses it.
    row = account_of(person_id=person.pk, provider=provider) if needs_account(provider) else None
    if row is not None and row.state == AccountStates.READY:
        raise NotPossibleNow(_("We know where to send it, or do not have to."))
    check_rate("payout_account", str(person.pk), limit=LIMIT)
    # Both addresses are this site's own: nobody chooses where the provider sends people.
    urls = account_urls(person=person, provider=provider, program=referrer.program)
    url = connect_payout_account(
        person=person,
        provider=provider,
        return_url=urls.return_url,
        refresh_url=urls.refresh_url,
        country=given.country,
    )
    (account,) = [account for account in accounts_of(referrer) if account.provider == provider]
    return ConnectPayoutAccountPayload(url=url, account=account, session=session)
