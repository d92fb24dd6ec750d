"""Outbound payments are accepted first, and posted, failed or returned later."""

from __future__ import annotations

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import AccountState, Outcome, Recipient
from referral_blocks.payouts.providers.stripe.outbound import StripeOutboundPayments

from .test_transfers import request_for


@pytest.fixture
def provider(stand_in):
    stand_in.settings(outbound_posts=False)
    return StripeOutboundPayments(
        api_key=stand_in.api_key, api_url=stand_in.base_url, financial_account="fa_1", country="GB"
    )


@pytest.fixture
def account(provider, stand_in):
    reference = provider.open_account(recipient=Recipient("Robin", "robin@example.com"), key="k-1").reference
    assert provider.read_account(reference).state == AccountState.ONBOARDING
    stand_in.account_status(reference, "active")
    stand_in.control("POST", f"accounts/{reference}", destinations=["print-1234"])
    return reference


def test_the_state_is_what_stripe_says_of_it_now(provider, account, stand_in):
    request = request_for(provider, account)
    sent = provider.send(request)
    assert sent.outcome == Outcome.ACCEPTED
    for status, outcome in [("posted", Outcome.PAID), ("returned", Outcome.RETURNED)]:
        stand_in.control("POST", f"outbound_payments/{sent.provider_ref}", status=status)
        assert provider.look_up(request, provider_ref=sent.provider_ref).outcome == outcome
        assert provider.look_up(request).outcome == outcome


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_what_was_accepted_and_not_sent_is_not_paid(provider, account, stand_in, status):
    request = request_for(provider, account)
    sent = provider.send(request)
    stand_in.control("POST", f"outbound_payments/{sent.provider_ref}", status=status)
    assert provider.look_up(request).outcome == Outcome.FAILED_FINAL


def test_a_short_account_parks_and_one_that_is_not_ready_has_its_owner_act(provider, account, stand_in):
    stand_in.set_balance("GBP", 1)
    assert provider.send(request_for(provider, account)).outcome == Outcome.NOT_NOW
    stand_in.set_balance("GBP", 10_000)
    stand_in.account_status(account, "restricted")
    assert provider.send(request_for(provider, account)).outcome == Outcome.NEEDS_ACTION
    assert provider.send(request_for(provider, "acct_gone")).outcome == Outcome.NEEDS_ACTION
    assert provider.send(request_for(provider, "")).outcome == Outcome.NEEDS_ACTION
    assert stand_in.payments() == []


def test_a_bank_account_is_told_by_where_it_is_and_how_it_ends(provider, account):
    facts = provider.read_account(account)
    assert (facts.state, facts.destinations) == (AccountState.READY, {"GB:108800:1234"})


def test_fractions_that_a_bank_does_not_take_are_refused(provider):
    with pytest.raises(InvalidInput):
        request_for(provider, "acct_1", amount=Money(1045, "HUF"))
