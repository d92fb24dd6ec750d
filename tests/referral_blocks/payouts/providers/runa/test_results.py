"""Answers as Runa's documents, and its playground, give them."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from referral_blocks.payouts.provider import Outcome
from referral_blocks.payouts.providers.runa.catalog import product_in, to_minor
from referral_blocks.payouts.providers.runa.client import PROCESSING, Answer, encode
from referral_blocks.payouts.providers.runa.results import link_in, result_of
from tests.standins import reference

LINK = "https://spend.example/4c77f610-planted"
ORDER = {
    "id": "O-01J6Y3JRYWCTNDRHP35302NZ30", "status": "COMPLETED", "created_at": "2024-09-04T08:49:23.420733+00:00",
    "description": None, "currency": "USD", "total_discount": "0.00", "total_price": "10.00",
    "items": [{"id": "E-1", "face_value": "10.00", "redemption_url": LINK, "currency": "USD",
               "payout": {"status": "ACTIVE", "url": LINK, "expiry_date": "2027-01-02T03:04:05+00:00"}}],
}  # fmt: skip


def error(status: int, kind: str) -> Answer:
    return Answer(status, {"type": kind, "message": "robin@example.com is not allowed", "help": "…"})


def test_a_completed_order_is_paid_and_its_link_is_in_no_result():
    result = result_of(Answer(200, ORDER))
    assert (result.outcome, result.provider_ref) == (Outcome.PAID, ORDER["id"])
    assert result.response["items"] == [{"id": "E-1", "face_value": "10.00", "payout": "ACTIVE"}]
    assert LINK not in repr(result)
    assert LINK not in repr(Answer(200, ORDER))
    assert link_in(ORDER)[0] == LINK
    assert link_in(ORDER)[1].isoformat() == "2027-01-02T03:04:05+00:00"


@pytest.mark.parametrize("status", [200, 202])
def test_an_order_that_is_processed_is_accepted(status):
    result = result_of(Answer(status, {"id": "O-1", "status": "PROCESSING"}))
    assert (result.outcome, result.provider_ref) == (Outcome.ACCEPTED, "O-1")


def test_an_order_that_failed_is_not_paid():
    assert result_of(Answer(200, {"id": "O-1", "status": "FAILED"})).outcome == Outcome.FAILED_FINAL


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {"id": "O-1"}, {"status": "COMPLETED"}, {"id": 7, "status": "COMPLETED"},
     {"id": "O-1", "status": ["COMPLETED"]}],
)  # fmt: skip
def test_a_success_that_cannot_be_read_proves_nothing(body):
    assert result_of(Answer(200, body)).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        (400, "idempotency_in_progress", Outcome.UNKNOWN),
        (400, "idempotency_validation_error", Outcome.UNKNOWN),
        (500, "internal_server_error", Outcome.UNKNOWN),
        (504, "timeout", Outcome.UNKNOWN),
        (503, "", Outcome.UNKNOWN),
        (408, "", Outcome.UNKNOWN),
        (302, "", Outcome.UNKNOWN),
        (400, "insufficient_funds", Outcome.NOT_NOW),
        (403, "ordering_restricted", Outcome.NOT_NOW),
        (401, "unauthorized", Outcome.NOT_NOW),
        (401, "invalid_api_key", Outcome.NOT_NOW),
        (403, "forbidden", Outcome.NOT_NOW),
        (410, "version_removed", Outcome.NOT_NOW),
        (400, "invalid_version", Outcome.NOT_NOW),
        (400, "payment_method_unavailable", Outcome.NOT_NOW),
        (400, "product_validation_error", Outcome.FAILED_FINAL),
        (400, "currency_mismatch", Outcome.FAILED_FINAL),
        (400, "bad_request", Outcome.FAILED_FINAL),
        (422, "validation_error", Outcome.FAILED_FINAL),
        (404, "not_found", Outcome.FAILED_FINAL),
    ],
)
def test_what_an_error_means(status, kind, outcome):
    result = result_of(error(status, kind))
    assert result.outcome == outcome
    assert result.message
    assert "robin@example.com" not in repr(result), "what Runa quotes stays out"


def test_a_short_balance_is_told_apart_from_a_refusal_of_us():
    assert result_of(error(400, "insufficient_funds")).refused is False
    assert result_of(error(401, "unauthorized")).refused is True


def test_an_interim_answer_keeps_the_key():
    assert result_of(Answer(PROCESSING)).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("body", [{"error": "rate exceeded"}, {"type": "rate_limited", "message": "…"}, None])
@pytest.mark.parametrize(("wish", "seconds"), [(None, 5), (1, 5), (30, 30)])
def test_too_many_requests_wait_five_seconds_or_longer_with_the_same_key(body, wish, seconds):
    result = result_of(Answer(429, body, wish))
    assert (result.outcome, result.retry_after) == (Outcome.FAILED_RETRYABLE, timedelta(seconds=seconds))


def test_where_a_value_was_refused_is_kept_and_the_value_is_not():
    wrong = {"type": "value_error", "message": "robin@example.com", "location": ["body", "items", 0, "face_value"]}
    body = {"type": "validation_error", "message": "x", "details": [wrong, 7]}
    result = result_of(Answer(422, body))
    assert result.response["fields"] == ["body.items.0.face_value"]
    assert "robin@example.com" not in repr(result)


def test_numbers_on_the_wire_are_exact_and_always_spelled_alike():
    assert encode({"b": Decimal("0.10"), "a": [1, 'é"', None, True]}) == b'{"a":[1,"\\u00e9\\"",null,true],"b":0.10}'
    assert encode({"v": Decimal("1E+3")}) == b'{"v":1000}'
    assert encode({"x": 1, "y": 2}) == encode({"y": 2, "x": 1})
    with pytest.raises(TypeError):
        encode({"v": 0.1})


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [("1200.00", "GBP", 120000), ("1200", "JPY", 1200), ("1200.00", "JPY", 1200), ("1.234", "KWD", 1234),
     ("0.001", "GBP", None), ("x", "GBP", None), (None, "GBP", None), ("NaN", "GBP", None), ("1", "XXX?", None)],
)  # fmt: skip
def test_amounts_become_minor_units(value, currency, minor):
    assert to_minor(value, currency) == minor


@pytest.fixture(scope="module")
def recorded():
    path = reference("runa-recorded-playground-2024-09.json")
    if path is None:
        pytest.skip("PROVIDER_REFERENCE_DIR names no folder with Runa's recorded answers")
    return json.loads(path.read_text())["interactions"]


def test_recorded_orders_are_understood(recorded):
    orders = [i for i in recorded if i["uri"].endswith("/order") and i["method"] == "post"]
    outcomes = [result_of(Answer(i["status"], i["response"])) for i in orders]
    assert [(r.outcome, r.provider_ref[:2]) for r in outcomes] == [
        (Outcome.PAID, "O-"), (Outcome.NOT_NOW, ""), (Outcome.NOT_NOW, ""), (Outcome.PAID, "O-"),
    ]  # fmt: skip
    for made, result in zip(orders, outcomes, strict=True):
        url, _expires = link_in(made["response"])
        assert bool(url) == (result.outcome == Outcome.PAID)
        assert not url or url not in repr(result)


def test_recorded_products_are_understood(recorded):
    products = {
        product.code: product
        for i in recorded
        if "/product" in i["uri"] and i["status"] == 200
        for product in map(product_in, i["response"].get("catalog") or [i["response"]])
        if product is not None
    }
    flowers, minut = products["1800FL-US"], products["36MIN-PL"]
    assert (flowers.minimum_minor, flowers.maximum_minor, flowers.values, flowers.currency) == (1000, 10000, (), "USD")
    assert minut.values == (20000, 25000, 30000, 35000, 40000, 45000, 50000, 100000)
    assert products["DZFM6-ES"].kind == "subscription"
    assert all(product.orderable for product in products.values())


@pytest.mark.parametrize(
    "written, means",
    [("2027-01-02", "2027-01-02T00:00:00+00:00"), ("2027-01-02T03:04:05", "2027-01-02T03:04:05+00:00"),
     ("2027-13-45T99:00:00Z", None), ("soon", None), (17, None), ("", None), (None, None)],
)  # fmt: skip
def test_a_date_of_expiry_that_is_none_costs_nobody_their_card(written, means):
    order = {"items": [{"payout": {"status": "ACTIVE", "url": LINK, "expiry_date": written}}]}
    url, expires_at = link_in(order)
    assert (url, expires_at.isoformat() if expires_at else None) == (LINK, means)


def test_too_many_requests_never_waits_for_days():
    assert result_of(Answer(429, {"error": "rate exceeded"}, 999_999)).retry_after == timedelta(hours=1)
