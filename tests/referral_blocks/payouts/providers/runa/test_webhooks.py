"""Messages of Runa: believed by their signature alone, and only as a reason to ask."""

from __future__ import annotations

import base64

import pytest

from referral_blocks.payouts.provider import (
    WebhookRefused,
)
from referral_blocks.payouts.providers.runa.provider import RunaGiftCards

from .conftest import SECRET
from .test_provider import svix

pytestmark = pytest.mark.django_db


ANY = {"product": "SBX-ANY-GB"}


BODY = b'{"id":"O-01","status":"COMPLETED","description":"x"}'


OTHER = "whsec_" + base64.b64encode(b"another-secret-of-24-byte").decode()


def test_a_message_names_the_order_and_nothing_of_it_is_believed(provider):
    event = provider.read_webhook(svix(BODY), BODY)
    assert (event.event_id, event.kind, event.provider_ref, event.payout_id) == (
        "msg_1",
        "order.completion",
        "O-01",
        "",
    )


def test_each_endpoint_has_its_own_secret(runa):
    both = RunaGiftCards(api_key="XX", base_url=runa.base_url, webhook_secret=[OTHER, SECRET])
    for secret in (OTHER, SECRET):
        assert both.read_webhook(svix(BODY, secret=secret), BODY).provider_ref == "O-01"


@pytest.mark.parametrize(
    ("signed", "body", "reason"),
    [
        (lambda: svix(BODY, secret=OTHER), BODY, "forged"),
        (lambda: svix(BODY), BODY + b" ", "forged"),
        (lambda: {**svix(BODY), "svix-id": "msg_2"}, BODY, "forged"),
        (lambda: {**svix(BODY), "svix-signature": "v1"}, BODY, "forged"),
        (lambda: {**svix(BODY), "svix-signature": "v1,***"}, BODY, "forged"),
        (lambda: svix(BODY), b"\xff", "forged"),
        (lambda: svix(BODY, age=400), BODY, "stale"),
        (lambda: svix(BODY, age=-400), BODY, "stale"),
        (lambda: {**svix(BODY), "svix-timestamp": "nan"}, BODY, "stale"),
        (lambda: {**svix(BODY), "svix-timestamp": "soon"}, BODY, "malformed"),
        (lambda: {}, BODY, "malformed"),
        (lambda: svix(b"[]"), b"[]", "malformed"),
        (lambda: svix(b"{}"), b"{}", "malformed"),
        (lambda: svix(b"no"), b"no", "malformed"),
    ],
)
def test_what_is_not_believed(provider, signed, body, reason):
    with pytest.raises(WebhookRefused) as refused:
        provider.read_webhook(signed(), body)  # signed now, not when the tests were collected
    assert refused.value.reason == reason


def test_without_a_secret_no_message_is_believed(runa):
    silent = RunaGiftCards(api_key="XX", base_url=runa.base_url)
    with pytest.raises(WebhookRefused):
        silent.read_webhook(svix(BODY), BODY)


def test_a_message_about_a_product_lets_the_catalogue_be_asked_again(runa, provider):
    provider.clean_options(ANY)
    asked = runa.books()["requests"]["GET /v2/product/{code}"]
    body = b'{"product_code":"SBX-ANY-GB","old_state":"LIVE","new_state":"TEMPORARILY_DISABLED"}'
    assert provider.read_webhook(svix(body), body).kind == "product.update"
    provider.clean_options(ANY)
    assert runa.books()["requests"]["GET /v2/product/{code}"] == asked + 1
