"""Stripe's accounts of recipients (Accounts v2): made with what we know, filled in on Stripe's own pages."""

from __future__ import annotations

import stripe
from django.utils.translation import gettext as _
from stripe.params.v2.core import (
    AccountCreateParams,
    AccountCreateParamsConfigurationRecipient,
    AccountLinkCreateParams,
    AccountRetrieveParams,
)

from referral_blocks.core.errors import InvalidInput
from referral_blocks.payouts.provider import AccountFacts, AccountState, Recipient

from .errors import is_missing, reading

INCLUDE: AccountRetrieveParams = {"include": ["configuration.recipient"]}


def create_params(
    recipient: Recipient, country: str, wanted: AccountCreateParamsConfigurationRecipient
) -> AccountCreateParams:
    """A recipient who gets money and sells nothing. Raises InvalidInput without a country, which Stripe never lets
    anybody change later."""
    if not country:
        raise InvalidInput(_("Choose the country of your bank account."), code="required", path=("country",))
    return {
        "contact_email": recipient.email,
        "display_name": recipient.name or recipient.email,
        "dashboard": "express",
        "identity": {"country": country.lower(), "entity_type": "individual"},
        "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
        "configuration": {"recipient": wanted},
        "include": ["configuration.recipient"],
    }


def link_params(account: str, *, refresh_url: str, return_url: str) -> AccountLinkCreateParams:
    return {
        "account": account,
        "use_case": {
            "type": "account_onboarding",
            "account_onboarding": {"refresh_url": refresh_url, "return_url": return_url},
        },
    }


def open_link(client: stripe.StripeClient, params: AccountLinkCreateParams) -> str:
    """The address of Stripe's page: it works once and for some minutes, for whoever has it, so that it is kept
    nowhere."""
    with reading():
        return client.v2.core.account_links.create(params).url


def retrieve(client: stripe.StripeClient, reference: str) -> stripe.v2.core.Account | None:
    """The account as it is now, or None when Stripe has it no more."""
    with reading():
        try:
            return client.v2.core.accounts.retrieve(reference, INCLUDE)
        except stripe.StripeError as error:
            if is_missing(error):
                return None
            raise


def recipient_of(account: stripe.v2.core.Account) -> stripe.v2.core.Account.Configuration.Recipient | None:
    return account.configuration.recipient if account.configuration is not None else None


# The one of Stripe's capabilities that decides; all of them have the same shape.
Capability = (
    stripe.v2.core.Account.Configuration.Recipient.Capabilities.StripeBalance.StripeTransfers
    | stripe.v2.core.Account.Configuration.Recipient.Capabilities.BankAccounts.Local
)


def facts(
    account: stripe.v2.core.Account, capability: Capability | None, destinations: frozenset[str] = frozenset()
) -> AccountFacts:
    return AccountFacts(account.id, _state(account, capability), destinations)


def closed(reference: str) -> AccountFacts:
    """What is left to say of an account that is gone."""
    return AccountFacts(reference, AccountState.CLOSED)


def _state(account: stripe.v2.core.Account, capability: Capability | None) -> AccountState:
    if account.closed:
        return AccountState.CLOSED
    if capability is None or capability.status == "pending":
        return AccountState.ONBOARDING
    if capability.status == "active":
        return AccountState.READY
    # “restricted” before everything is told as well as after Stripe has stopped somebody: what would help decides.
    if capability.status == "restricted" and any(why.resolution == "provide_info" for why in capability.status_details):
        return AccountState.ONBOARDING
    return AccountState.RESTRICTED
