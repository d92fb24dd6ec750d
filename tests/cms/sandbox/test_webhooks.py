"""The stand-ins' webhooks: signed as the providers sign them, tried again, sent again on demand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
import requests
import stripe

from tests.standins import Receiver, running_runa, running_stripe, webhook_receiver

from .test_runa import order
from .test_stripe import stripe_client, transfer

SECRET = "whsec_stand_in_secret"
SVIX_SECRET = "whsec_" + base64.b64encode(b"a stand-in secret of 32 bytes...").decode()


def events_of(receiver: Receiver, count: int) -> list[stripe.Event]:
    """What came, each verified by the SDK."""
    client = stripe.StripeClient("sk_test_sandbox")
    return [
        client.construct_event(body, headers["stripe-signature"], SECRET, tolerance=300)
        for headers, body in receiver.wait(count)
    ]


def test_transfer_events_are_signed_snapshots() -> None:
    with running_stripe() as stand_in, webhook_receiver() as receiver:
        stand_in.webhook(receiver.url, SECRET, "transfer.")
        client = stripe_client(stand_in)
        made = transfer(client, stand_in.active_account(), "key-1")
        client.v1.transfers.reversals.create(made.id, {"amount": 500})
        created, turned = events_of(receiver, 2)
        assert [created.type, turned.type] == ["transfer.created", "transfer.reversed"]
        assert (created.data.object["id"], created.request.idempotency_key) == (made.id, "key-1")
        assert turned.data.object["amount_reversed"] == 500
        headers, body = receiver.received[0]
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(body + b" ", headers["stripe-signature"], SECRET)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(body, headers["stripe-signature"], "whsec_other")


def test_capability_event_is_thin_and_leads_to_the_account() -> None:
    with running_stripe() as stand_in, webhook_receiver() as receiver:
        stand_in.webhook(receiver.url, SECRET, "v2.")
        client = stripe_client(stand_in)
        account = stand_in.active_account()
        ((headers, body),) = receiver.wait(1)
        assert "data" not in json.loads(body)
        event = client.parse_event_notification(body, headers["stripe-signature"], SECRET)
        assert event.type == "v2.core.account[configuration.recipient].capability_status_updated"
        assert event.related_object.id == account
        assert event.fetch_related_object().id == account
        assert event.fetch_event().data.updated_capability == "stripe_balance.stripe_transfers"


def test_failed_payout_names_the_account() -> None:
    with running_stripe() as stand_in, webhook_receiver() as receiver:
        stand_in.webhook(receiver.url, SECRET, "payout.")
        account = stand_in.active_account()
        stand_in.control("POST", f"accounts/{account}/payout_failed", amount_minor=700)
        (event,) = events_of(receiver, 1)
        assert (event.type, event.account, event.data.object["amount"]) == ("payout.failed", account, 700)


def test_tried_again_until_taken_and_sent_again_on_demand() -> None:
    with running_stripe() as stand_in, webhook_receiver() as receiver:
        receiver.planned += [500, 503]
        stand_in.webhook(receiver.url, SECRET, "transfer.")
        transfer(stripe_client(stand_in), stand_in.active_account(), "k")
        ids = {event.id for event in events_of(receiver, 3)}
        assert len(ids) == 1
        stand_in.resend(ids.pop())
        receiver.wait(4)
        assert [row["status"] for row in stand_in.books()["deliveries"]][:3] == [500, 503, 200]


def test_only_this_machine_gets_webhooks() -> None:
    with running_stripe() as stand_in:
        asked = {"url": "https://example.com/hook", "secret": SECRET}
        answer = requests.post(f"{stand_in.url}/_sandbox/webhooks", json=asked, timeout=5)
        assert answer.status_code == 400


def test_runa_signs_as_svix_does() -> None:
    with running_runa() as stand_in, webhook_receiver() as receiver:
        stand_in.webhook(receiver.url, SVIX_SECRET)
        done = order(stand_in, key="a", metadata={"payout_id": "7"}).json()
        ((headers, body),) = receiver.wait(1)
        signed = f"{headers['svix-id']}.{headers['svix-timestamp']}.".encode() + body
        key = base64.b64decode(SVIX_SECRET.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["svix-signature"] == f"v1,{expected}"
        sent = json.loads(body)
        assert (sent["id"], sent["status"]) == (done["id"], "COMPLETED")
        assert "items" not in sent
        assert "metadata" not in sent


def test_runa_says_only_the_id_of_a_failed_order() -> None:
    with running_runa() as stand_in, webhook_receiver() as receiver:
        stand_in.settings(processing_polls=99)
        accepted = order(stand_in, key="a", mode="async").json()
        stand_in.webhook(receiver.url, SVIX_SECRET)
        stand_in.control("POST", f"orders/{accepted['id']}", status="FAILED")
        ((_, body),) = receiver.wait(1)
        assert json.loads(body) == {"id": accepted["id"], "status": "FAILED"}
