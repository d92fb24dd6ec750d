"""The Runa stand-in, driven over HTTP as its documents describe."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.standins import StandIn, reference, running_runa

DAY = 24 * 3600
SINGLE = {"type": "SINGLE", "value": "SBX-ANY-GB"}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with running_runa() as running:
        yield running


def headers(stand_in: StandIn, **more: str) -> dict[str, str]:
    return {"X-Api-Key": stand_in.api_key, "X-Api-Version": "2024-02-05", **more}


def body(
    *, face_value: Any = 10, products: Any = None, currency: str = "GBP", how: Any = None, **more: Any
) -> dict[str, Any]:
    item = {
        "face_value": face_value,
        "distribution_method": how or {"type": "PAYOUT_LINK"},
        "products": products or SINGLE,
    }
    return {"payment_method": {"type": "ACCOUNT_BALANCE", "currency": currency}, "items": [item], **more}


def order(stand_in: StandIn, *, key: str, mode: str = "sync", timeout: float = 10, **what: Any) -> requests.Response:
    sent = headers(stand_in, **{"X-Idempotency-Key": key, "X-Execution-Mode": mode})
    return requests.post(f"{stand_in.base_url}/order", json=body(**what), headers=sent, timeout=timeout)


def get(stand_in: StandIn, path: str, **params: Any) -> requests.Response:
    return requests.get(f"{stand_in.base_url}/{path}", params=params, headers=headers(stand_in), timeout=10)


class TestReading:
    def test_ping_balance_and_version(self, stand_in: StandIn) -> None:
        assert get(stand_in, "ping").json() == {"message": "pong"}
        assert get(stand_in, "ping").headers["X-Api-Version"] == "2024-02-05"
        assert get(stand_in, "balance", currency="GBP").json() == {"balance": "1000000.00", "currency": "GBP"}
        stand_in.set_balance("EUR", 0)
        assert [row["currency"] for row in get(stand_in, "balance").json()] == ["GBP", "USD"]

    def test_catalogue(self, stand_in: StandIn) -> None:
        first = get(stand_in, "product", limit=2).json()
        assert [row["code"] for row in first["catalog"]] == ["SBX-ANY-DE", "SBX-ANY-GB"]
        cursor = first["pagination"]["cursors"]["after"]
        second = get(stand_in, "product", limit=2, after=cursor).json()
        assert [row["code"] for row in second["catalog"]] == ["SBX-ANY-US", "SBX-BOOK-GB"]
        british = get(stand_in, "product", countries_redeemable_in="GB", is_orderable="true").json()["catalog"]
        assert [row["code"] for row in british] == ["SBX-ANY-GB", "SBX-BOOK-GB"]
        books = get(stand_in, "product/SBX-BOOK-GB").json()["gift_card"]["denominations"]
        assert (books["type"], books["available_list"]) == ("fixed", ["5.00", "10.00", "20.00", "50.00"])
        assert get(stand_in, "product/NONE-GB").json()["type"] == "not_found"
        assert get(stand_in, "product", limit=501).json()["type"] == "pagination_error"

    @pytest.mark.parametrize(
        ("sent", "status", "kind"),
        [
            ({"X-Api-Key": "XX-other"}, 401, "unauthorized"),
            ({"X-Api-Version": "2023-07-27"}, 410, "version_removed"),
            ({"X-Api-Version": "yesterday"}, 400, "invalid_version"),
        ],
    )
    def test_headers_that_are_refused(self, stand_in: StandIn, sent: dict[str, str], status: int, kind: str) -> None:
        answer = requests.get(f"{stand_in.base_url}/ping", headers=headers(stand_in) | sent, timeout=5)
        assert (answer.status_code, answer.json()["type"]) == (status, kind)


class TestOrders:
    def test_synchronous_order(self, stand_in: StandIn) -> None:
        answer = order(stand_in, key="k", face_value=10.5, description="payout-7", metadata={"payout_id": "7"})
        done = answer.json()
        assert (answer.status_code, done["status"], done["total_price"]) == (200, "COMPLETED", "10.50")
        assert (done["items"][0]["face_value"], done["items"][0]["payout"]["status"]) == ("10.50", "ACTIVE")
        assert get(stand_in, f"order/{done['id']}").json() == done
        books = stand_in.books()
        assert (books["totals"], books["balances"]["GBP"]) == ({"GBP": 1050}, 100_000_000 - 1050)
        (row,) = books["payments"]
        assert (row["payout_id"], row["description"], row["idempotency_key"]) == ("7", "payout-7", "k")

    def test_asynchronous_order(self, stand_in: StandIn) -> None:
        stand_in.settings(processing_polls=1)
        answer = order(stand_in, key="k", mode="async")
        assert (answer.status_code, answer.json()["status"]) == (202, "PROCESSING")
        path = f"order/{answer.json()['id']}"
        assert set(get(stand_in, path).json()) == {"id", "status", "message"}
        assert get(stand_in, path).json()["status"] == "COMPLETED"

    def test_failed_order_gives_the_money_back(self, stand_in: StandIn) -> None:
        stand_in.settings(async_outcome="FAILED")
        made = order(stand_in, key="k", mode="async").json()
        assert get(stand_in, f"order/{made['id']}").json()["status"] == "FAILED"
        books = stand_in.books()
        assert (books["reversed"], books["balances"]["GBP"]) == ({"GBP": 1000}, 100_000_000)

    def test_list_has_descriptions_but_no_metadata(self, stand_in: StandIn) -> None:
        for n in range(5):
            order(stand_in, key=f"k{n}", description=f"payout-{n}", metadata={"payout_id": str(n)})
        found: list[str] = []
        params: dict[str, Any] = {"limit": 2}
        while True:
            page = get(stand_in, "order", **params).json()
            assert not any("metadata" in row or "items" in row for row in page["items"])
            found += [row["description"] for row in page["items"]]
            cursor = page["pagination"]["cursors"]["after"]
            if cursor is None:
                break
            params["after"] = cursor
        assert found == ["payout-4", "payout-3", "payout-2", "payout-1", "payout-0"]
        assert get(stand_in, "order", after="a", before="b").json()["type"] == "pagination_error"

    def test_email_template_and_link_page(self, stand_in: StandIn) -> None:
        how = {"type": "EMAIL", "email_address": "sam@example.com"}
        template = {"type": "TEMPLATE", "template_id": "PT-SANDBOXGBP"}
        done = order(stand_in, key="k", how=how, products=template, face_value=25).json()
        url = done["items"][0]["payout"]["url"]
        shown = requests.get(url, timeout=5)
        assert "25.00 GBP" in shown.text
        assert '<html lang="en">' in shown.text
        assert get(stand_in, f"order/{done['id']}").json()["items"][0]["payout"]["status"] == "CLAIMED"
        assert stand_in.payments()[0]["destination"] == "sam@example.com"
        assert requests.get(url + "x", timeout=5).status_code == 404

    def test_links_expire_only_where_the_account_says_so(self, stand_in: StandIn) -> None:
        stand_in.settings(link_days=30)
        done = order(stand_in, key="k").json()
        assert done["items"][0]["payout"]["expiry_date"] is not None
        stand_in.advance_clock(31 * DAY)
        assert get(stand_in, f"order/{done['id']}").json()["items"][0]["payout"]["status"] == "EXPIRED"
        assert requests.get(done["items"][0]["payout"]["url"], timeout=5).status_code == 410

    @pytest.mark.parametrize(
        ("what", "status", "kind"),
        [
            ({"face_value": "10"}, 422, "validation_error"),
            ({"face_value": 0}, 422, "validation_error"),
            ({"how": {"type": "EMAIL"}}, 422, "validation_error"),
            ({"metadata": {"payout_id": 7}}, 422, "validation_error"),
            ({"description": "x" * 129}, 422, "validation_error"),
            ({"products": {"type": "MULTIPLE", "values": ["SBX-ANY-GB"]}}, 422, "validation_error"),
            ({"face_value": 501}, 400, "product_validation_error"),
            ({"face_value": 10.555}, 400, "product_validation_error"),
            (
                {"products": {"type": "SINGLE", "value": "SBX-BOOK-GB"}, "face_value": 15},
                400,
                "product_validation_error",
            ),
            ({"products": {"type": "SINGLE", "value": "SBX-OFF-GB"}}, 400, "product_validation_error"),
            ({"products": {"type": "SINGLE", "value": "NONE"}}, 400, "product_validation_error"),
            (
                {"products": {"type": "TEMPLATE", "template_id": "PT-SANDBOXGBP"}, "face_value": 10.5},
                400,
                "product_validation_error",
            ),
            ({"currency": "EUR"}, 400, "currency_mismatch"),
            ({"mode": "later"}, 400, "invalid_execution_mode"),
        ],
    )
    def test_refusals(self, stand_in: StandIn, what: dict[str, Any], status: int, kind: str) -> None:
        answer = order(stand_in, key="k", **what)
        assert (answer.status_code, answer.json()["type"]) == (status, kind)
        if status == 422:
            assert answer.json()["details"][0]["location"]
        assert stand_in.payments() == []

    def test_no_key_no_money_and_no_permission(self, stand_in: StandIn) -> None:
        answer = requests.post(f"{stand_in.base_url}/order", json=body(), headers=headers(stand_in), timeout=5)
        assert answer.status_code == 422
        stand_in.set_balance("GBP", 999)
        assert order(stand_in, key="k1").json()["type"] == "insufficient_funds"
        stand_in.settings(ordering_restricted=True)
        restricted = order(stand_in, key="k2")
        assert (restricted.status_code, restricted.json()["type"]) == (403, "ordering_restricted")
        assert stand_in.payments() == []


class TestIdempotency:
    def test_any_outcome_is_replayed_for_30_days(self, stand_in: StandIn) -> None:
        first = order(stand_in, key="paid").json()
        stand_in.set_balance("GBP", 0)
        assert order(stand_in, key="short").status_code == 400
        stand_in.set_balance("GBP", 100_000)
        stand_in.advance_clock(29 * DAY)
        assert order(stand_in, key="paid").json() == first
        assert order(stand_in, key="short").json()["type"] == "insufficient_funds"
        stand_in.advance_clock(2 * DAY)
        assert order(stand_in, key="paid").json()["id"] != first["id"]
        assert order(stand_in, key="short").status_code == 200
        assert stand_in.books()["totals"] == {"GBP": 3000}

    def test_other_body_is_refused(self, stand_in: StandIn) -> None:
        order(stand_in, key="k")
        answer = order(stand_in, key="k", face_value=11)
        assert (answer.status_code, answer.json()["type"]) == (400, "idempotency_validation_error")
        assert len(stand_in.payments()) == 1

    @pytest.mark.parametrize("status", [400, 102])
    def test_in_progress_both_ways(self, stand_in: StandIn, status: int) -> None:
        stand_in.settings(in_progress_status=status)
        stand_in.fault("slow", path_prefix="/v2/order", seconds=0.8, times=1)
        answers: list[requests.Response] = []
        slow = threading.Thread(target=lambda: answers.append(order(stand_in, key="k")))
        slow.start()
        threading.Event().wait(0.3)
        again = order(stand_in, key="k")
        assert again.status_code == status
        if status == 400:
            assert again.json()["type"] == "idempotency_in_progress"
        slow.join()
        assert order(stand_in, key="k").json() == answers[0].json()
        assert len(stand_in.payments()) == 1

    def test_102_on_demand_after_the_work(self, stand_in: StandIn) -> None:
        stand_in.fault("in_progress", path_prefix="/v2/order", times=1)
        with requests.Session() as session:
            sent = headers(stand_in, **{"X-Idempotency-Key": "k", "X-Execution-Mode": "sync"})
            answers = [session.post(f"{stand_in.base_url}/order", json=body(), headers=sent, timeout=5) for _ in "ab"]
        assert [answer.status_code for answer in answers] == [102, 200]
        assert len(stand_in.payments()) == 1

    @pytest.mark.parametrize(("cache", "then"), [(True, 500), (False, 200)])
    def test_500_is_replayed_where_it_was_kept(self, stand_in: StandIn, cache: bool, then: int) -> None:
        stand_in.fault("status", path_prefix="/v2/order", status=500, times=1, cache=cache)
        assert order(stand_in, key="k").json()["type"] == "internal_server_error"
        assert order(stand_in, key="k").status_code == then

    def test_lost_answers_and_rate_limit(self, stand_in: StandIn) -> None:
        stand_in.fault("drop_after_commit", path_prefix="/v2/order", times=1)
        with pytest.raises(requests.ConnectionError):
            order(stand_in, key="k", description="payout-1")
        assert [row["description"] for row in get(stand_in, "order").json()["items"]] == ["payout-1"]
        stand_in.fault("rate_limit", path_prefix="/v2/order", times=1)
        limited = order(stand_in, key="k", description="payout-1")
        assert (limited.status_code, limited.json()) == (429, {"error": "rate exceeded"})
        assert order(stand_in, key="k", description="payout-1").status_code == 200
        assert len(stand_in.payments()) == 1

    def test_client_that_stops_waiting_is_still_charged_once(self, stand_in: StandIn) -> None:
        stand_in.fault("slow", path_prefix="/v2/order", seconds=0.6, times=1)
        with pytest.raises(requests.Timeout):
            order(stand_in, key="k", timeout=0.2)
        threading.Event().wait(0.7)
        assert order(stand_in, key="k").status_code == 200
        assert len(stand_in.payments()) == 1


class TestContract:
    """Against Runa's own documents, where they are present."""

    def recorded(self, tape: str) -> dict[str, Any]:
        path = reference("runa-recorded-playground-2024-09.json")
        if path is None:
            pytest.skip("PROVIDER_REFERENCE_DIR does not hold runa-recorded-playground-2024-09.json")
        rows = json.loads(path.read_text())["interactions"]
        return next(row["response"] for row in rows if row["tape"] == tape)

    def test_order_has_the_keys_of_a_recorded_one(self, stand_in: StandIn) -> None:
        real, ours = self.recorded("post_order_for_url_valid.yml"), order(stand_in, key="k").json()
        assert set(ours) - {"metadata"} == set(real)
        assert set(ours["items"][0]) == set(real["items"][0])
        assert set(ours["items"][0]["payout"]) == set(real["items"][0]["payout"])
        assert type(ours["items"][0]["face_value"]) is type(real["items"][0]["face_value"])

    def test_product_has_the_keys_of_a_recorded_one(self, stand_in: StandIn) -> None:
        real, ours = self.recorded("get_product_item_valid.yml"), get(stand_in, "product/SBX-ANY-GB").json()
        assert set(ours) == set(real)
        assert set(ours["gift_card"]) == set(real["gift_card"])
        assert set(ours["gift_card"]["denominations"]) == set(real["gift_card"]["denominations"])
        listed = self.recorded("get_product_catalogue_valid.yml")
        page = get(stand_in, "product").json()
        assert set(page["pagination"]["cursors"]) == set(listed["pagination"]["cursors"])

    def test_errors_have_the_keys_of_recorded_ones(self, stand_in: StandIn) -> None:
        real = self.recorded("post_order_invalid_401.yml")
        ours = requests.get(f"{stand_in.base_url}/product", timeout=5).json()
        assert (set(ours), ours["type"]) == (set(real), real["type"])

    def test_orders_and_answers_keep_to_the_openapi_document(self, stand_in: StandIn) -> None:
        path = reference("runa-openapi-2024-02-05-nullable-fixed.json")
        if path is None:
            pytest.skip("PROVIDER_REFERENCE_DIR does not hold Runa's OpenAPI document")
        jsonschema = pytest.importorskip("jsonschema")
        document = json.loads(path.read_text())

        def check(name: str, answer: Any) -> None:
            schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            jsonschema.Draft202012Validator(schema).validate(answer)

        check("SyncCompletedOrder", order(stand_in, key="a").json())
        accepted = order(stand_in, key="b", mode="async").json()
        check("AsyncAcceptedOrder", accepted)
        check("CompletedOrderWithFullDetails", get(stand_in, f"order/{accepted['id']}").json())
        check("CompletedOrderWithBasicDetails", get(stand_in, "order").json()["items"][0])
        check("APIErrorResponse", order(stand_in, key="a", face_value=99).json())
        assert stand_in.books()["violations"] == []
        wrong = order(stand_in, key="c", face_value="10")
        check("ValidationErrorResponse", wrong.json())
        assert stand_in.books()["violations"][0]["location"] == ["items", "0", "face_value"]
