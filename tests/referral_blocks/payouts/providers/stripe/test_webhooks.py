"""Stripe's messages: whose signature is believed, and which ids are read from them."""

from __future__ import annotations

import json
import time

import pytest
import stripe as sdk

from referral_blocks.payouts.provider import WebhookEvent, WebhookRefused
from referral_blocks.payouts.providers.stripe.transfers import StripeTransfers
from tests.standins import webhook_receiver

from .conftest import WEBHOOK_SECRET
from .test_transfers import request_for

CONNECT_SECRET = "whsec_of_the_endpoint_for_connected_accounts"
PAYOUT_ID = "0b2f9f3e-1111-4222-8333-444455556666"


@pytest.fixture
def provider():
    return StripeTransfers(api_key="sk_test_x", webhook_secret=[WEBHOOK_SECRET, CONNECT_SECRET])


def signed(event, *, secret=WEBHOOK_SECRET, age=0):
    body = event if isinstance(event, str) else json.dumps(event)
    header = sdk.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age)
    return {"stripe-signature": header}, body.encode()


def snapshot(kind, thing, **more):
    return {"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}, **more}


def thin(kind, **more):
    created = "2026-11-21T10:00:00.000Z"
    return {"id": "evt_2", "object": "v2.core.event", "type": kind, "created": created, "livemode": False, **more}


def related(id_, type_):
    return {"related_object": {"id": id_, "type": type_, "url": f"/v2/x/{id_}"}}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            snapshot("transfer.reversed", {"id": "tr_1", "object": "transfer", "metadata": {"payout_id": PAYOUT_ID}}),
            WebhookEvent("evt_1", "transfer.reversed", provider_ref="tr_1", payout_id=PAYOUT_ID),
        ),
        (
            snapshot("transfer.created", {"id": "tr_2", "object": "transfer", "metadata": {}}),
            WebhookEvent("evt_1", "transfer.created", provider_ref="tr_2"),
        ),
        (
            snapshot("account.updated", {"id": "acct_1", "object": "account"}, account="acct_1"),
            WebhookEvent("evt_1", "account.updated", account="acct_1"),
        ),
        (
            snapshot("capability.updated", {"id": "transfers", "object": "capability", "account": "acct_1"}),
            WebhookEvent("evt_1", "capability.updated", account="acct_1"),
        ),
        (
            snapshot("account.external_account.created", {"id": "ba_1", "object": "bank_account", "account": "acct_1"}),
            WebhookEvent("evt_1", "account.external_account.created", account="acct_1"),
        ),
        (
            snapshot("account.application.deauthorized", {"id": "ca_1", "object": "application"}, account="acct_1"),
            WebhookEvent("evt_1", "account.application.deauthorized", account="acct_1"),
        ),
        (
            snapshot("payout.failed", {"id": "po_1", "object": "payout", "metadata": None}, account="acct_1"),
            WebhookEvent("evt_1", "payout.failed", account="acct_1"),
        ),
        (
            snapshot("customer.deleted", {"id": "cus_1", "object": "customer", "metadata": {}}),
            WebhookEvent("evt_1", "customer.deleted", account="cus_1"),
        ),
        (
            snapshot("invoice.paid", {"id": "in_1", "object": "invoice", "metadata": {"payout_id": ""}}),
            WebhookEvent("evt_1", "invoice.paid"),
        ),
        (
            thin(
                "v2.core.account[configuration.recipient].capability_status_updated",
                **related("acct_1", "v2.core.account"),
            ),
            WebhookEvent(
                "evt_2", "v2.core.account[configuration.recipient].capability_status_updated", account="acct_1"
            ),
        ),
        (
            thin(
                "v2.money_management.outbound_payment.returned",
                **related("obp_1", "v2.money_management.outbound_payment"),
            ),
            WebhookEvent("evt_2", "v2.money_management.outbound_payment.returned", provider_ref="obp_1"),
        ),
        (thin("v2.core.account_link.returned"), WebhookEvent("evt_2", "v2.core.account_link.returned")),
        (
            thin("v2.something.that.came.later", **related("thing_1", "x")),
            WebhookEvent("evt_2", "v2.something.that.came.later"),
        ),
    ],
)
@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, CONNECT_SECRET])
def test_only_ids_are_read(provider, event, expected, secret):
    assert provider.read_webhook(*signed(event, secret=secret)) == expected


def refusal(provider, headers, body):
    with pytest.raises(WebhookRefused) as refused:
        provider.read_webhook(headers, body)
    assert WEBHOOK_SECRET not in repr(refused.value)
    return refused.value.reason


def test_what_is_not_signed_with_our_secret_is_forged(provider):
    event = snapshot("account.updated", {"id": "acct_1"})
    headers, body = signed(event)
    assert refusal(provider, *signed(event, secret="whsec_other")) == "forged"
    assert refusal(provider, headers, body.replace(b"acct_1", b"acct_2")) == "forged"
    assert refusal(provider, headers, body + b"\n") == "forged"
    assert refusal(provider, {}, body) == "forged"
    for header in ("", "t=,v1=", "nonsense", "t=1", "t=99999999999999999999,v1=00", "v1=aa"):
        assert refusal(provider, {"stripe-signature": header}, body) == "forged"
    assert refusal(provider, headers, b"\xff\xfe") == "forged"
    # Without a secret nothing is believed.
    assert refusal(StripeTransfers(api_key="sk_test_x"), headers, body) == "forged"
    assert (
        refusal(StripeTransfers(api_key="sk_test_x", webhook_secret=["", " "]), *signed(event, secret=" ")) == "forged"
    )


@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, CONNECT_SECRET])
def test_what_was_signed_long_ago_is_stale(provider, secret):
    event = snapshot("account.updated", {"id": "acct_1"})
    assert provider.read_webhook(*signed(event, secret=secret, age=290)).account == "acct_1"
    assert refusal(provider, *signed(event, secret=secret, age=310)) == "stale"


@pytest.mark.parametrize(
    "event", ["", "null", "[]", '"x"', "{", '{"object":"event"}', '{"object":"v2.core.event"}', '{"id":"evt_1"}']
)
def test_a_signed_message_of_another_shape_is_malformed(provider, event):
    assert refusal(provider, *signed(event)) == "malformed"


def test_the_stand_ins_messages_are_believed(stand_in, transfers):
    with webhook_receiver() as receiver:
        stand_in.webhook(receiver.url, WEBHOOK_SECRET, "transfer.", "v2.core.account[")
        account = stand_in.active_account()
        request = request_for(transfers, account)
        sent = transfers.send(request)
        events = [transfers.read_webhook(headers, body) for headers, body in receiver.wait(2)]
    by_kind = {event.kind: event for event in events}
    assert by_kind["transfer.created"].provider_ref == sent.provider_ref
    assert by_kind["transfer.created"].payout_id == request.payout_id
    assert by_kind["v2.core.account[configuration.recipient].capability_status_updated"].account == account
