"""Transfers at the stand-in: paid once whatever goes wrong, found again, taken back."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import (
    AccountState,
    Outcome,
    PayoutOrder,
    PayoutRequest,
    ProviderUnavailable,
    Recipient,
    ReversalRequest,
)
from referral_blocks.payouts.providers.stripe import client
from referral_blocks.payouts.providers.stripe.credit import StripeCredit
from referral_blocks.payouts.providers.stripe.transfers import StripeTransfers

TRIES = 3  # the SDK's own, of one call
AMOUNT = Money(2000, "GBP")


def request_for(provider, account, *, key="", payout_id="", tried_before=False, amount=AMOUNT):
    recipient = Recipient("Robin", "robin@example.com", account=account)
    order = PayoutOrder(payout_id or str(uuid4()), amount, recipient, "£20 for bringing Kim")
    body = json.loads(json.dumps(provider.body(order)))
    return PayoutRequest(order.payout_id, key or str(uuid4()), amount, recipient, body, tried_before)


@pytest.fixture
def account(stand_in):
    return stand_in.active_account()


def test_what_is_asked_names_the_payout_three_ways(transfers, account, stand_in):
    request = request_for(transfers, account, payout_id="p-1", key="k-1")
    assert request.body == {
        "amount": 2000,
        "currency": "gbp",
        "destination": account,
        "description": "£20 for bringing Kim",
        "transfer_group": "payout_p-1",
        "metadata": {"payout_id": "p-1"},
    }
    result = transfers.send(request)
    (payment,) = stand_in.payments()
    assert (result.outcome, result.provider_ref) == (Outcome.PAID, payment["id"])
    assert (payment["idempotency_key"], payment["amount_minor"], payment["destination"]) == ("k-1", 2000, account)


def test_a_lost_answer_is_asked_for_again_at_once_and_paid_once(transfers, account, stand_in):
    stand_in.fault("drop_after_commit", path_prefix="/v1/transfers", times=TRIES - 1)
    assert transfers.send(request_for(transfers, account)).outcome == Outcome.PAID
    assert len(stand_in.payments()) == 1


def test_a_server_error_is_remembered_by_stripe_and_found_by_a_look_up(transfers, account, stand_in):
    request = request_for(transfers, account)
    stand_in.fault("status", status=500, path_prefix="/v1/transfers", method="POST", times=1, commit=True, cache=True)
    first, second = transfers.send(request), transfers.send(request)
    assert [first.outcome, second.outcome] == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    found = transfers.look_up(request)
    assert (found.outcome, found.provider_ref) == (Outcome.PAID, stand_in.payments()[0]["id"])


def test_a_first_request_that_still_runs_is_unknown(transfers, account, stand_in):
    request = request_for(transfers, account)
    stand_in.fault("in_progress", path_prefix="/v1/transfers", method="POST", times=TRIES)
    assert transfers.send(request).outcome == Outcome.UNKNOWN
    assert transfers.send(request).outcome == Outcome.PAID
    assert len(stand_in.payments()) == 1


def test_another_body_under_the_key_proves_nothing(transfers, account, stand_in):
    request = request_for(transfers, account, key="k-1")
    transfers.send(request)
    other = request_for(transfers, account, key="k-1", payout_id=request.payout_id, amount=Money(2100, "GBP"))
    assert transfers.send(other).outcome == Outcome.UNKNOWN
    assert [payment["amount_minor"] for payment in stand_in.payments()] == [2000]


def test_a_short_balance_parks_and_a_new_key_pays_later(transfers, account, stand_in):
    stand_in.set_balance("GBP", 1999)
    request = request_for(transfers, account)
    first = transfers.send(request)
    assert (first.outcome, first.retry_after) == (Outcome.NOT_NOW, timedelta(minutes=15))
    assert (first.refused, first.response["code"]) == (False, "balance_insufficient")
    stand_in.set_balance("GBP", 5000)
    # Stripe remembers the refusal under the old key.
    assert transfers.send(request).outcome == Outcome.NOT_NOW
    assert transfers.send(request_for(transfers, account, payout_id=request.payout_id)).outcome == Outcome.PAID
    assert transfers.balance("GBP") == Money(3000, "GBP")


def test_too_many_requests_wait_with_the_same_key(transfers, account, stand_in):
    stand_in.fault("rate_limit", path_prefix="/v1/transfers", times=1)
    request = request_for(transfers, account)
    first = transfers.send(request)
    assert (first.outcome, first.retry_after) == (Outcome.FAILED_RETRYABLE, timedelta(seconds=30))
    assert transfers.send(request).outcome == Outcome.PAID


@pytest.mark.parametrize("status", ["pending", "restricted", "rejected"])
def test_an_account_that_is_not_ready_has_its_owner_act(transfers, account, stand_in, status):
    stand_in.account_status(account, status)
    result = transfers.send(request_for(transfers, account))
    assert (result.outcome, result.response["code"]) == (Outcome.NEEDS_ACTION, "transfers_not_allowed")
    assert stand_in.payments() == []


@pytest.mark.parametrize("account", ["", "acct_that_is_not_there"])
def test_without_an_account_its_owner_acts(transfers, stand_in, account):
    assert transfers.send(request_for(transfers, account)).outcome == Outcome.NEEDS_ACTION
    assert stand_in.payments() == []


def test_an_answer_that_takes_too_long_is_unknown_and_paid_once(stand_in, account, monkeypatch):
    monkeypatch.setattr(client, "TIMEOUT", (1, 0.2))
    monkeypatch.setattr(client, "_clients", {})
    transfers = StripeTransfers(api_key=stand_in.api_key, api_url=stand_in.base_url)
    stand_in.fault("slow", seconds=0.5, when="after", path_prefix="/v1/transfers", method="POST", times=TRIES)
    request = request_for(transfers, account)
    assert transfers.send(request).outcome in (Outcome.UNKNOWN, Outcome.PAID)
    assert transfers.look_up(request).outcome == Outcome.PAID
    assert len(stand_in.payments()) == 1


def test_a_refused_key_parks_at_the_first_try_and_is_unknown_later(stand_in, account):
    wrong = StripeTransfers(api_key="sk_test_taken_away", api_url=stand_in.base_url)
    first = wrong.send(request_for(wrong, account))
    assert (first.outcome, first.refused, first.retry_after) == (Outcome.NOT_NOW, True, timedelta(hours=1))
    assert wrong.send(request_for(wrong, account, tried_before=True)).outcome == Outcome.UNKNOWN
    assert wrong.look_up(request_for(wrong, account)).outcome == Outcome.UNKNOWN
    with pytest.raises(ProviderUnavailable):
        wrong.balance("GBP")


def test_a_look_up_says_what_it_cannot_tell(transfers, account, stand_in):
    request = request_for(transfers, account)
    assert transfers.look_up(request).outcome == Outcome.FAILED_FINAL
    stand_in.fault("status", status=503, path_prefix="/v1/transfers", times=TRIES)
    assert transfers.look_up(request).outcome == Outcome.UNKNOWN
    stand_in.fault("drop_before", path_prefix="/v1/transfers", times=TRIES)
    assert transfers.look_up(request).outcome == Outcome.UNKNOWN


def test_somebody_elses_transfer_in_the_group_is_for_people_to_look_at(transfers, account, stand_in):
    request = request_for(transfers, account)
    transfers.client.v1.transfers.create(
        {"amount": 1, "currency": "gbp", "destination": account, "transfer_group": f"payout_{request.payout_id}"}
    )
    assert transfers.look_up(request).outcome == Outcome.UNKNOWN


def test_a_transfer_that_came_back_whole_is_found_as_returned(transfers, account):
    request = request_for(transfers, account)
    sent = transfers.send(request)
    part = ReversalRequest(request.payout_id, sent.provider_ref, "r-1", Money(500, "GBP"))
    assert transfers.reverse(part).outcome == Outcome.PAID
    assert transfers.look_up(request).outcome == Outcome.PAID
    rest = ReversalRequest(request.payout_id, sent.provider_ref, "r-2", Money(1500, "GBP"))
    assert transfers.reverse(rest).outcome == Outcome.PAID
    assert transfers.look_up(request, provider_ref=sent.provider_ref).outcome == Outcome.RETURNED
    (listed,) = transfers.sent_since(timezone.now() - timedelta(minutes=5))
    assert (listed.outcome, listed.reversed_minor) == (Outcome.RETURNED, 2000)


def test_what_the_recipient_has_spent_cannot_be_taken_back(transfers, account, stand_in):
    request = request_for(transfers, account)
    sent = transfers.send(request)
    stand_in.control("POST", f"accounts/{account}", balance={"gbp": 100})
    back = ReversalRequest(request.payout_id, sent.provider_ref, "r-1", Money(500, "GBP"))
    result = transfers.reverse(back)
    assert (result.outcome, result.response["code"]) == (Outcome.FAILED_FINAL, "balance_insufficient")
    assert stand_in.payments()[0]["reversed_minor"] == 0


def test_the_list_goes_through_all_pages_and_leaves_others_out(transfers, account, monkeypatch):
    monkeypatch.setattr("referral_blocks.payouts.providers.stripe.transfers.PAGE", 2)
    requests_ = [request_for(transfers, account) for _ in range(5)]
    refs = {transfers.send(request).provider_ref: request.payout_id for request in requests_}
    transfers.client.v1.transfers.create({"amount": 7, "currency": "gbp", "destination": account})
    listed = list(transfers.sent_since(timezone.now() - timedelta(minutes=5)))
    assert {sent.provider_ref: sent.payout_id for sent in listed} == refs
    assert len(listed) == 5
    assert list(transfers.sent_since(timezone.now() + timedelta(minutes=5))) == []


def test_the_books_that_cannot_be_read_are_not_an_empty_list(transfers, stand_in):
    stand_in.fault("status", status=503, path_prefix="/v1/transfers", times=TRIES)
    with pytest.raises(ProviderUnavailable):
        list(transfers.sent_since(timezone.now()))


def test_an_account_is_as_ready_as_its_capability(transfers, stand_in):
    opened = transfers.open_account(recipient=Recipient("Robin", "robin@example.com"), key="k-1")
    assert opened.state == AccountState.ONBOARDING
    for status, state in [
        ("restricted", AccountState.ONBOARDING),  # what is missing can still be told
        ("active", AccountState.READY),
        ("rejected", AccountState.RESTRICTED),
        ("unsupported", AccountState.RESTRICTED),
        ("pending", AccountState.ONBOARDING),
    ]:
        stand_in.account_status(opened.reference, status)
        assert transfers.read_account(opened.reference).state == state
    stand_in.control("POST", f"accounts/{opened.reference}", closed=True, destinations=["print-1", "print-2"])
    closed = transfers.read_account(opened.reference)
    assert (closed.state, closed.destinations) == (AccountState.CLOSED, {"print-1", "print-2"})
    assert transfers.read_account("acct_gone").state == AccountState.CLOSED


def test_onboarding_is_on_stripes_page_and_comes_back(transfers, stand_in):
    opened = transfers.open_account(recipient=Recipient("Robin", "robin@example.com"), key="k-1")
    url = transfers.onboarding_url(
        account=opened.reference, refresh_url="https://example.com/again", return_url="https://example.com/done"
    )
    assert url.startswith(f"{stand_in.url}/onboarding/")
    page = requests.get(url, timeout=10).text
    session = page.split('name="session" value="')[1].split('"')[0]
    done = requests.post(url, data={"session": session, "action": "complete"}, allow_redirects=False, timeout=10)
    assert done.headers["Location"] == "https://example.com/done"
    assert transfers.read_account(opened.reference).state == AccountState.READY


def test_one_client_a_process_is_shared_by_all_that_have_its_key(stand_in, transfers):
    other = StripeTransfers(api_key=stand_in.api_key, api_url=stand_in.base_url + "/")
    assert other.client is transfers.client
    assert StripeTransfers(api_key="sk_test_other", api_url=stand_in.base_url).client is not transfers.client


def test_the_key_is_in_nothing_that_anybody_reads(stand_in, transfers, account, caplog):
    secret = "sk_test_planted_in_the_settings"
    provider = StripeTransfers(api_key=secret, api_url=stand_in.base_url, webhook_secret="whsec_planted")
    with caplog.at_level(logging.DEBUG):
        results = [provider.send(request_for(provider, account)), transfers.send(request_for(transfers, account))]
        stand_in.fault("drop_before", times=TRIES)
        results.append(provider.send(request_for(provider, account)))
        with pytest.raises(ProviderUnavailable) as refused:
            provider.read_account(account)
    read = [repr(provider), str(provider), repr(results), str(refused.value), caplog.text]
    for planted in (secret, stand_in.api_key, "whsec_planted"):
        assert not any(planted in text for text in read)
    # What the SDK itself would log quotes whole answers.
    assert not any(record.name == "stripe" for record in caplog.records)


def test_who_is_looked_for_is_in_no_log(stand_in, caplog):
    credit = StripeCredit(api_key=stand_in.api_key, api_url=stand_in.base_url)
    with caplog.at_level(logging.DEBUG):
        credit.open_account(recipient=Recipient(name="Robin", email="robin@example.com"), key="account-1")
    assert "POST /v1/customers" in caplog.text, "urllib3 does log"
    assert [text for text in ("robin@example.com", "robin%40example.com") if text in caplog.text] == []
