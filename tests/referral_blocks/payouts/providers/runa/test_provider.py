"""Gift cards bought at the stand-in, which checks every order against Runa's OpenAPI document where that is present."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.payouts.conformance import ProviderConformance
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import (
    Outcome,
    PayoutOrder,
    PayoutRequest,
    ProviderUnavailable,
    Recipient,
)
from referral_blocks.payouts.providers.runa.cards import link_of
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.payouts.providers.runa.provider import RunaGiftCards
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from tests.make import make_program
from tests.standins import OPENAPI, reference

from .conftest import SECRET, gift_cards

pytestmark = pytest.mark.django_db
ANY = {"product": "SBX-ANY-GB"}
ORDERS = "/v2/order"


def new_payout(minor: int = 2500) -> str:
    program = Program.objects.first() or make_program()
    person = Person.objects.first() or Person.objects.create(email="robin@example.com", name="Robin")
    payout = Payout.objects.create(program=program, person=person, provider="runa", amount_minor=minor, currency="GBP")
    return str(payout.public_id)


def request_for(provider, *, minor=2500, payout_id="", key="", tried_before=False, **options) -> PayoutRequest:
    order = PayoutOrder(
        payout_id=payout_id or new_payout(minor),
        amount=Money(minor, "GBP"),
        recipient=Recipient(name="Robin", email="robin@example.com"),
        title="A reward",
        options=options or ANY,
    )
    return PayoutRequest(
        payout_id=order.payout_id,
        idempotency_key=key or str(uuid4()),
        amount=order.amount,
        recipient=order.recipient,
        body=json.loads(json.dumps(provider.body(order))),
        tried_before=tried_before,
    )


def svix(body: bytes, *, age: float = 0, secret: str = SECRET) -> dict[str, str]:
    """Signed as https://docs.svix.com/receiving/verifying-payloads/how-manual says, without the library."""
    sent = f"{int(time.time() - age)}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, b"msg_1." + sent.encode() + b"." + body, hashlib.sha256).digest()
    return {"svix-id": "msg_1", "svix-timestamp": sent, "svix-signature": "v1," + base64.b64encode(signed).decode()}


class TestConformance(ProviderConformance):
    amount = Money(2500, "GBP")
    options = ANY
    secrets = ("/spend/", "XX-sandbox", SECRET)

    @pytest.fixture(autouse=True)
    def _stand_in(self, runa):
        self.runa = runa

    def make_provider(self):
        return gift_cards(self.runa)

    def new_payout_id(self):
        return new_payout()

    def times_paid(self, payout_id):
        return sum(p["payout_id"] == payout_id for p in self.runa.payments())

    def lose_next_answer(self):
        self.runa.fault("drop_after_commit", path_prefix=ORDERS, method="POST", times=1)

    def refuse_next(self):
        self.runa.fault("status", path_prefix=ORDERS, method="POST", times=1, status=403)

    def webhook(self, *, age):
        body = b'{"id":"O-1","status":"COMPLETED"}'
        return svix(body, age=age.total_seconds()), body


class TestConformanceByMail(TestConformance):
    options = {"template_id": "PT-SANDBOXGBP", "distribution": "email", "order_at": "claim"}


def test_an_order_says_what_runa_asks_for_and_no_more(runa, provider):
    request = request_for(provider, minor=1050)
    assert provider.send(request).outcome == Outcome.PAID
    assert request.body == {
        "payment_method": {"type": "ACCOUNT_BALANCE", "currency": "GBP"},
        "items": [
            {
                "face_value": "10.50",
                "distribution_method": {"type": "PAYOUT_LINK"},
                "products": {"type": "SINGLE", "value": "SBX-ANY-GB"},
            }
        ],
        "description": request.payout_id,
        "metadata": {"payout_id": request.payout_id},
    }
    (paid,) = runa.payments()
    assert (paid["amount_minor"], paid["description"]) == (1050, request.payout_id)
    if reference(OPENAPI):
        assert runa.books()["violations"] == []


def test_the_contract_check_finds_a_wrong_order(runa, provider):
    if reference(OPENAPI) is None:
        pytest.skip("PROVIDER_REFERENCE_DIR names no folder with Runa's OpenAPI document")
    request = request_for(provider)
    request.body["items"][0]["distribution_method"]["type"] = "PIGEON"
    assert provider.send(request).outcome == Outcome.FAILED_FINAL
    assert runa.books()["violations"] != []


def test_the_gift_card_is_kept_encrypted_and_once(runa, provider):
    request = request_for(provider)
    runa.fault("drop_after_commit", path_prefix=ORDERS, method="POST", times=1)
    lost = provider.send(request)
    again = [provider.send(request) for _ in range(3)]
    assert [lost.outcome, *(r.outcome for r in again)] == [Outcome.UNKNOWN] + [Outcome.PAID] * 3
    (card,) = GiftCard.objects.all()
    assert len(runa.payments()) == 1
    assert link_of(card).startswith(f"{runa.url}/spend/")
    assert link_of(card).encode() not in bytes(card.link)
    assert (str(card.payout.public_id), card.order_ref) == (request.payout_id, again[0].provider_ref)


def test_a_link_that_expires_is_noted(runa, provider):
    runa.settings(link_days=30)
    provider.send(request_for(provider))
    left = GiftCard.objects.get().expires_at - timezone.now()
    assert timedelta(days=29) < left <= timedelta(days=30)


@pytest.mark.parametrize("status", [102, 400])
def test_an_order_in_progress_keeps_its_key_and_is_paid_once(runa, provider, status):
    runa.fault("in_progress", path_prefix=ORDERS, method="POST", times=1, status=status, commit=True)
    request = request_for(provider)
    first, second = provider.send(request), provider.send(request)
    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.PAID)
    assert (len(runa.payments()), GiftCard.objects.count()) == (1, 1)


def test_the_answer_that_follows_an_interim_one_is_never_taken_for_the_next():
    """One connection: “102”, and then the answer to that very order; the next request opens another connection."""
    late = b'{"id":"O-LATE","status":"COMPLETED","items":[]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    server = socket.create_server(("127.0.0.1", 0))
    answers = [b"HTTP/1.1 102 Processing\r\n\r\n" + head % len(late) + late, head % 2 + b"{}"]
    held = []

    def serve():
        for answer in answers:
            connection, _address = server.accept()
            held.append(connection)
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    client = RunaGiftCards(api_key="XX", base_url=f"http://127.0.0.1:{server.getsockname()[1]}/v2")._client
    first = client.order({}, idempotency_key="1")
    second = client.get("/ping")
    thread.join(5)
    for connection in (*held, server):
        connection.close()
    assert (first.status, first.body, second.status, second.body) == (102, None, 200, {})


def test_too_many_requests_wait_with_the_same_key(runa, provider):
    runa.fault("rate_limit", path_prefix=ORDERS, method="POST", times=1)
    request = request_for(provider)
    first = provider.send(request)
    assert (first.outcome, first.retry_after) == (Outcome.FAILED_RETRYABLE, timedelta(seconds=5))
    assert provider.send(request).outcome == Outcome.PAID


def test_a_failure_that_runa_remembers_never_comes_right_and_a_look_up_finds_the_order(runa, provider):
    runa.fault("status", path_prefix=ORDERS, method="POST", status=500, commit=True, cache=True, times=1)
    request = request_for(provider)
    assert [provider.send(request).outcome for _ in range(3)] == [Outcome.UNKNOWN] * 3
    found = provider.look_up(request)
    assert (found.outcome, GiftCard.objects.get().order_ref) == (Outcome.PAID, found.provider_ref)
    assert len(runa.payments()) == 1


def test_a_failure_that_runa_remembers_and_that_paid_nothing_is_proven(runa, provider):
    runa.fault("status", path_prefix=ORDERS, method="POST", status=500, cache=True, times=1)
    request = request_for(provider)
    assert provider.send(request).outcome == Outcome.UNKNOWN
    assert provider.look_up(request).outcome == Outcome.FAILED_FINAL
    assert runa.payments() == []


def test_another_body_under_a_known_key_is_unknown_and_nothing_is_bought(runa, provider):
    first = request_for(provider)
    provider.send(first)
    other = request_for(provider, minor=3000, payout_id=first.payout_id, key=first.idempotency_key)
    assert provider.send(other).outcome == Outcome.UNKNOWN
    assert [p["amount_minor"] for p in runa.payments()] == [2500]


def test_a_short_balance_is_not_now_and_a_new_key_pays(runa, provider):
    runa.set_balance("GBP", 100)
    request = request_for(provider)
    short = provider.send(request)
    assert (short.outcome, short.refused, runa.payments()) == (Outcome.NOT_NOW, False, [])
    runa.set_balance("GBP", 10000)
    assert provider.send(request).outcome == Outcome.NOT_NOW, "Runa remembers the refusal under its key"
    assert provider.send(request_for(provider, payout_id=request.payout_id)).outcome == Outcome.PAID


def test_a_refusal_of_the_door_proves_nothing_about_an_earlier_try(runa, provider):
    """The first try was carried out and its answer lost; then our key is revoked for a while."""
    runa.fault("drop_after_commit", path_prefix=ORDERS, method="POST", times=1)
    request = request_for(provider)
    assert provider.send(request).outcome == Outcome.UNKNOWN
    again = PayoutRequest(
        request.payout_id, request.idempotency_key, request.amount, request.recipient, request.body, tried_before=True
    )
    runa.fault("status", path_prefix="/v2/", status=401, code="unauthorized", times=2)
    assert provider.send(again).outcome == Outcome.UNKNOWN
    runa.fault("status", path_prefix=ORDERS, method="POST", status=403, code="forbidden", times=1)
    assert provider.send(again).outcome == Outcome.PAID, "the list of orders has it"
    assert (len(runa.payments()), GiftCard.objects.count()) == (1, 1)


def test_an_order_that_runa_still_works_on_proves_nothing(runa, provider):
    """A list holds no description of such an order: it might be this one."""
    import requests

    headers = {"X-Api-Key": runa.api_key, "X-Idempotency-Key": "by-hand", "X-Execution-Mode": "async"}
    runa.settings(processing_polls=9)
    body = {**request_for(provider).body, "description": "by hand"}
    body["items"][0]["face_value"] = 10
    assert requests.post(f"{runa.base_url}/order", json=body, headers=headers, timeout=5).status_code == 202
    assert provider.look_up(request_for(provider)).outcome == Outcome.UNKNOWN


def test_an_asynchronous_answer_is_polled_by_its_reference(runa, provider, monkeypatch):
    runa.settings(processing_polls=1)
    real = provider._client._ask

    def ask(method, path, **request):
        if method == "POST":
            request["headers"]["X-Execution-Mode"] = "async"
        return real(method, path, **request)

    monkeypatch.setattr(provider._client, "_ask", ask)
    request = request_for(provider)
    sent = provider.send(request)
    polls = [provider.look_up(request, provider_ref=sent.provider_ref).outcome for _ in range(2)]
    assert [sent.outcome, *polls] == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.PAID]
    assert GiftCard.objects.get().order_ref == sent.provider_ref


def test_the_list_is_read_to_the_payout_over_many_pages(runa, provider, monkeypatch):
    monkeypatch.setattr("referral_blocks.payouts.providers.runa.books.PAGE", 2)
    requests = [request_for(provider) for _ in range(5)]
    refs = [provider.send(request).provider_ref for request in requests]
    GiftCard.objects.all().delete()
    assert provider.look_up(requests[0]).provider_ref == refs[0]
    assert [s.provider_ref for s in provider.sent_since(timezone.now() - timedelta(hours=1))] == refs[::-1]
    monkeypatch.setattr("referral_blocks.payouts.providers.runa.books.MOST_PAGES", 2)
    assert provider.look_up(requests[0]).outcome == Outcome.UNKNOWN, "a list that is not read to its end proves nothing"


def test_books_that_cannot_be_read_say_so(runa, provider):
    request = request_for(provider)
    runa.fault("status", path_prefix="/v2/", status=503)
    assert provider.look_up(request).outcome == Outcome.UNKNOWN
    with pytest.raises(ProviderUnavailable):
        list(provider.sent_since(timezone.now()))
    with pytest.raises(ProviderUnavailable):
        provider.balance("GBP")


def test_the_balance_is_remembered_until_it_is_known_to_be_wrong(runa, provider):
    runa.set_balance("GBP", 5000)
    assert provider.balance("GBP") == Money(5000, "GBP")
    runa.set_balance("GBP", 100)
    assert provider.balance("GBP") == Money(5000, "GBP")
    provider.send(request_for(provider))
    assert provider.balance("GBP") == Money(100, "GBP")


def test_staff_see_what_can_be_ordered(provider):
    assert [p.code for p in provider.products("GBP")] == ["SBX-ANY-GB", "SBX-BOOK-GB"]


BAD_OPTIONS = [
    ({}, "product"),
    ({"product": "SBX-ANY-GB", "template_id": "PT-X"}, "product"),
    ({"product": "NO-SUCH-CARD"}, "product"),
    ({"product": "../balance"}, "product"),
    ({"product": "SBX-OFF-GB"}, "product"),
    ({"product": 7}, "product"),
    ({"template_id": "DT-1"}, "template_id"),
    ({**ANY, "distribution": "pigeon"}, "distribution"),
    ({**ANY, "order_at": "claimed"}, "order_at"),
    ({**ANY, "colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("options", "name"), BAD_OPTIONS)
def test_a_rule_that_names_no_gift_card_is_refused(provider, options, name):
    with pytest.raises(InvalidInput) as refused:
        provider.clean_options(options)
    assert refused.value.path == ("methodOptions", name)


def test_a_rule_is_not_taken_on_trust_while_runa_cannot_be_asked(runa, provider):
    runa.fault("drop_before", path_prefix="/v2/product")
    with pytest.raises(InvalidInput) as refused:
        provider.clean_options(ANY)
    assert refused.value.code == "provider_unavailable"


@pytest.mark.parametrize(
    ("options", "minor", "currency", "fits"),
    [
        (ANY, 100, "GBP", True), (ANY, 12345, "GBP", True), (ANY, 50000, "GBP", True),
        (ANY, 99, "GBP", False), (ANY, 50001, "GBP", False), (ANY, 1000, "EUR", False),
        ({"product": "SBX-BOOK-GB"}, 1000, "GBP", True), ({"product": "SBX-BOOK-GB"}, 1500, "GBP", False),
        ({"template_id": "PT-SANDBOXGBP"}, 1500, "GBP", True), ({"template_id": "PT-SANDBOXGBP"}, 1550, "GBP", False),
        ({"template_id": "PT-X"}, 1500, "JPY", True),
    ],
)  # fmt: skip
def test_face_values(provider, options, minor, currency, fits):
    if fits:
        return provider.check_amount(Money(minor, currency), options)
    with pytest.raises(InvalidInput) as refused:
        provider.check_amount(Money(minor, currency), options)
    assert refused.value.path in (("amount",), ("methodOptions", "product"))
    return None


@pytest.mark.parametrize("url", ["http://api.runa.io/v2", "ftp://127.0.0.1", "https://key@api.runa.io/v2", "", "/v2"])
def test_the_key_goes_over_tls_only(url):
    with pytest.raises(ImproperlyConfigured):
        RunaGiftCards(api_key="XX", base_url=url)


def test_a_redirect_is_not_followed(runa):
    """The key would go to whoever is named there."""
    server = socket.create_server(("127.0.0.1", 0))
    head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {runa.base_url}/order\r\nContent-Length: 0\r\n\r\n"

    def serve():
        connection, _address = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(head.encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    elsewhere = RunaGiftCards(api_key=runa.api_key, base_url=f"http://127.0.0.1:{server.getsockname()[1]}/v2")
    outcome = elsewhere.send(request_for(elsewhere)).outcome
    thread.join(5)
    server.close()
    assert (outcome, runa.payments()) == (Outcome.UNKNOWN, [])
