from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import close_old_connections, connection
from django.test import Client
from django.utils import timezone

from graphql_api.idempotency import MONEY, NO_MONEY
from graphql_api.schema import schema
from referral_blocks.access.answers import KeptAnswer, claim_answer, keep_answer
from referral_blocks.access.services import create_api_key
from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.programs.models import Program
from referral_blocks.sales.models import Sale
from tests.graphql_api.ask import bearer_of, post, show_cookie
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

RECORD = "mutation ($input: RecordSaleInput!) { recordSale(input: $input) { alreadyRecorded errors { code } } }"
ORDER = {
    "program": "neighbours",
    "externalId": "A-1",
    "friendEmail": "friend@example.com",
    "amount": "149.00",
    "currency": "GBP",
}
FLOW = "graphql_api.sales.mutations.record_sale"


@pytest.fixture
def key():
    program = make_program()
    make_referral(program)
    return create_api_key(site_id=program.site_id, name="Till")[1]


def send(client, bearer, *, key="key-1", query=RECORD, **order):
    body = {"query": query, "variables": {"input": {**ORDER, **order}}}
    return post(client, body, Authorization=f"Bearer {bearer}", Idempotency_Key=key)


def code(response):
    return response.json()["errors"][0]["extensions"]["code"]


def test_every_mutation_is_known_to_move_money_or_not_to():
    mutations = set(schema._schema.mutation_type.fields)
    assert mutations - MONEY - NO_MONEY == set()
    assert MONEY.isdisjoint(NO_MONEY)


def test_the_first_answer_is_replayed(client, key):
    first, second = send(client, key), send(client, key)
    assert first.json()["data"]["recordSale"] == {"alreadyRecorded": False, "errors": []}
    assert second.json()["data"] == first.json()["data"]  # the flow itself would say: alreadyRecorded
    assert (first.status_code, second.status_code) == (200, 200)
    assert ("Idempotent-Replayed" in first.headers, second["Idempotent-Replayed"]) == (False, "true")
    assert Sale.objects.count() == 1


def test_a_refusal_is_an_answer_too(client, key):
    first = send(client, key, amount="-1")
    second = send(client, key, amount="-1")
    assert first.json()["data"] == second.json()["data"]
    assert first.json()["data"]["recordSale"]["errors"] == [{"code": "INVALID_AMOUNT"}]
    assert second["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("other", [{"amount": "150.00"}, {"externalId": "A-2"}, {"query": RECORD + " "}])
def test_another_request_under_a_used_key_is_a_422(client, key, other):
    send(client, key)
    response = send(client, key, **other)
    assert (response.status_code, code(response)) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert [(sale.external_id, sale.amount_minor) for sale in Sale.objects.all()] == [("A-1", 14900)]


def test_keys_are_each_callers_own(client, key):
    other = create_api_key(site_id=Program.objects.get().site_id, name="Other till")[1]
    send(client, key)
    response = send(client, other)
    assert "Idempotent-Replayed" not in response.headers
    assert response.json()["data"]["recordSale"]["alreadyRecorded"] is True


@pytest.mark.parametrize("bad", ["x" * 256, "é", "a\x00b"])
def test_a_key_that_is_none_is_refused(client, key, bad):
    response = send(client, key, key=bad)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert (Sale.objects.count(), KeptAnswer.objects.count()) == (0, 0)


def test_two_mutations_under_one_key_are_refused(client, key):
    field = "recordSale(input: $input) { alreadyRecorded }"
    response = send(client, key, query=f"mutation ($input: RecordSaleInput!) {{ a: {field} b: {field} }}")
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert (Sale.objects.count(), KeptAnswer.objects.count()) == (0, 0)


def test_a_key_can_be_demanded(client, key, settings):
    settings.REFERRAL_BLOCKS = {**django_settings.REFERRAL_BLOCKS, "API_REQUIRE_IDEMPOTENCY_KEY": True}
    response = send(client, key, key="")
    assert (response.status_code, code(response)) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    assert not Sale.objects.exists()
    assert send(client, key).json()["data"]["recordSale"]["errors"] == []


def test_whoever_only_typed_the_address_is_not_answered_what_the_referrer_was(client, key):
    link = make_link(Program.objects.get())
    claim = 'mutation { claimReward(input: {id: "none"}) { errors { code } } }'
    show_cookie(client, link.referrer, verified=True)
    first = post(client, {"query": claim}, Idempotency_Key="k")
    assert first.json()["data"]["claimReward"] == {"errors": [{"code": "NOT_FOUND"}]}
    show_cookie(client, link.referrer, verified=False)
    other = post(client, {"query": claim}, Idempotency_Key="k")
    assert (code(other), other.json()["data"], "Idempotent-Replayed" in other.headers) == (
        "UNVERIFIED", {"claimReward": None}, False,
    )  # fmt: skip
    assert KeptAnswer.objects.count() == 1


def test_nobody_has_no_keys(client, key):
    response = send(client, "rb_nonsense")
    assert code(response) == "UNAUTHENTICATED"
    assert (Sale.objects.count(), KeptAnswer.objects.count()) == (0, 0)


def test_whoever_may_not_do_it_may_try_again_with_the_same_key(client, key):
    bearer = bearer_of(make_link(make_program(slug="other")).referrer)
    assert code(send(client, bearer)) == "UNAUTHENTICATED"
    assert (Sale.objects.count(), KeptAnswer.objects.count()) == (0, 0)


def test_what_broke_or_will_pass_is_not_kept(client, key, monkeypatch):
    def broken(**given):
        raise RuntimeError

    def busy(**given):
        raise InvalidInput("Later.", code="provider_unavailable")

    monkeypatch.setattr(FLOW, broken)
    assert code(send(client, key)) == "INTERNAL"
    monkeypatch.setattr(FLOW, busy)
    assert send(client, key).json()["data"]["recordSale"]["errors"] == [{"code": "PROVIDER_UNAVAILABLE"}]
    assert not KeptAnswer.objects.exists()
    monkeypatch.setattr(FLOW, record_sale)
    assert send(client, key).json()["data"]["recordSale"] == {"alreadyRecorded": False, "errors": []}


def test_after_a_day_a_key_is_new(client, key):
    send(client, key)
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        assert send(client, key, amount="1.00").status_code == 200
    assert KeptAnswer.objects.count() == 1


def test_what_is_stored_cannot_be_read_in_the_database(client, key):
    send(client, key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM referral_blocks_keptanswer")
        (row,) = cursor.fetchall()
    stored = b" ".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row)
    for secret in (b"key-1", b"recordSale", b"friend@example.com", key.encode()):
        assert secret not in stored


def test_whoever_died_in_between_blocks_the_key_for_two_minutes_only(client, key, monkeypatch):
    def died(**given):
        raise SystemExit

    monkeypatch.setattr("graphql_api.idempotency.keep_answer", died)
    with pytest.raises(SystemExit):
        send(client, key)
    monkeypatch.undo()
    blocked = send(client, key)
    assert (blocked.status_code, code(blocked)) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert blocked["Retry-After"] == "2"
    with time_machine.travel(timezone.now() + timedelta(seconds=121)):
        retried, replayed = send(client, key), send(client, key)
    assert retried.json()["data"]["recordSale"] == {"alreadyRecorded": True, "errors": []}
    assert replayed["Idempotent-Replayed"] == "true"
    assert Sale.objects.count() == 1


def test_a_key_on_what_moves_no_money_is_ignored(client):
    assert post(client, {"query": "{ __typename }"}, Idempotency_Key="key-1").status_code == 200
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_exactly_one_runs(monkeypatch):
    program = make_program()
    make_referral(program)
    bearer = create_api_key(site_id=program.site_id, name="Till")[1]
    runs, inside, go_on = [], Event(), Event()

    def slow(**given):
        runs.append(given["external_id"])
        inside.set()
        assert go_on.wait(10)
        return record_sale(**given)

    def in_thread():
        try:
            return send(Client(), bearer)
        finally:
            close_old_connections()
            connection.close()

    monkeypatch.setattr(FLOW, slow)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(in_thread)
        assert inside.wait(10)
        second = pool.submit(in_thread).result(10)
        go_on.set()
        answer = first.result(10)
    assert (second.status_code, second["Retry-After"], code(second)) == (409, "2", "IDEMPOTENCY_IN_PROGRESS")
    assert answer.json()["data"]["recordSale"] == {"alreadyRecorded": False, "errors": []}
    assert (runs, Sale.objects.count()) == (["A-1"], 1)


def test_a_claim_that_was_taken_over_keeps_nothing():
    first = claim_answer(caller="c", key="k", asked="a")
    with time_machine.travel(timezone.now() + timedelta(seconds=121)):
        claim_answer(caller="c", key="k", asked="a")
        assert keep_answer(claim=first, answer="old") is False
