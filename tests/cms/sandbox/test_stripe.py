"""The Stripe stand-in, driven by Stripe's own SDK."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import stripe

from tests.standins import StandIn, running_stripe

DAY = 24 * 3600


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with running_stripe() as running:
        yield running


@pytest.fixture
def client(stand_in: StandIn) -> stripe.StripeClient:
    return stripe_client(stand_in)


def stripe_client(stand_in: StandIn, *, retries: int = 0, key: str = "") -> stripe.StripeClient:
    http = stripe.RequestsClient(timeout=(2, 5))
    return stripe.StripeClient(
        key or stand_in.api_key,
        base_addresses={"api": stand_in.base_url},
        max_network_retries=retries,
        http_client=http,
    )


def onboard(client: stripe.StripeClient, **more: Any) -> stripe.v2.core.AccountLink:
    account = client.v2.core.accounts.create(
        {
            "contact_email": "sam@example.com",
            "display_name": "Sam <Smith>",
            "dashboard": "express",
            "identity": {"country": "gb", "entity_type": "individual"},
            "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
            "configuration": {
                "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
            },
        }
    )
    links = {"refresh_url": "http://shop.test/again", "return_url": "http://shop.test/back"}
    return client.v2.core.account_links.create(
        {"account": account.id, "use_case": {"type": "account_onboarding", "account_onboarding": links}}
    )


def transfer(
    client: stripe.StripeClient, destination: str, key: str, amount: int = 1500, **more: Any
) -> stripe.Transfer:
    params = {"amount": amount, "currency": "gbp", "destination": destination, **more}
    return client.v1.transfers.create(params, options={"idempotency_key": key})  # type: ignore[arg-type]


def status_of(client: stripe.StripeClient, account: str) -> str:
    found = client.v2.core.accounts.retrieve(account, {"include": ["configuration.recipient"]})
    return found.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status


class TestOnboarding:
    def test_account_is_pending_until_the_page_was_completed(self, client: stripe.StripeClient) -> None:
        link = onboard(client)
        assert status_of(client, link.account) == "pending"
        opened = requests.get(link.url, timeout=5)
        assert "Complete onboarding" in opened.text
        assert "Sam &lt;Smith&gt;" in opened.text
        session = re.search(r'name="session" value="([^"]+)"', opened.text)[1]
        form = {"session": session, "action": "complete"}
        finished = requests.post(link.url, form, timeout=5, allow_redirects=False)
        assert (finished.status_code, finished.headers["Location"]) == (303, "http://shop.test/back")
        assert status_of(client, link.account) == "active"
        spent = requests.post(link.url, form, timeout=5, allow_redirects=False)
        assert spent.headers["Location"] == "http://shop.test/again"

    def test_leaving_goes_back_without_finishing(self, client: stripe.StripeClient) -> None:
        link = onboard(client)
        session = re.search(r'name="session" value="([^"]+)"', requests.get(link.url, timeout=5).text)[1]
        form = {"session": session, "action": "leave"}
        left = requests.post(link.url, form, timeout=5, allow_redirects=False)
        assert left.headers["Location"] == "http://shop.test/back"
        assert status_of(client, link.account) == "pending"

    def test_used_and_expired_links_lead_to_the_refresh_url(
        self, client: stripe.StripeClient, stand_in: StandIn
    ) -> None:
        used, old = onboard(client), onboard(client)
        requests.get(used.url, timeout=5)
        again = requests.get(used.url, timeout=5, allow_redirects=False)
        assert (again.status_code, again.headers["Location"]) == (303, "http://shop.test/again")
        stand_in.advance_clock(301)
        late = requests.get(old.url, timeout=5, allow_redirects=False)
        assert (late.status_code, late.headers["Location"]) == (303, "http://shop.test/again")

    def test_what_was_not_included_is_null(self, client: stripe.StripeClient) -> None:
        link = onboard(client)
        assert client.v2.core.accounts.retrieve(link.account).configuration is None

    def test_capability_can_be_restricted_on_demand(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        stand_in.account_status(account, "restricted")
        assert status_of(client, account) == "restricted"
        with pytest.raises(stripe.InvalidRequestError) as refused:
            transfer(client, account, "k")
        assert refused.value.code == "transfers_not_allowed"
        assert stand_in.payments() == []


class TestTransfers:
    def test_create_retrieve_and_books(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        made = transfer(client, account, "key-1", transfer_group="payout_7", metadata={"payout_id": "7"})
        found = client.v1.transfers.retrieve(made.id)
        assert (found.amount, found.currency, found.destination, found.metadata["payout_id"]) == (
            1500,
            "gbp",
            account,
            "7",
        )
        books = stand_in.books()
        assert books["totals"] == {"GBP": 1500}
        assert books["balances"]["GBP"] == 100_000_000 - 1500
        (row,) = books["payments"]
        assert (row["payout_id"], row["transfer_group"], row["idempotency_key"]) == ("7", "payout_7", "key-1")
        assert books["requests"]["POST /v1/transfers"] == 1
        balance = client.v1.balance.retrieve()
        assert {row.currency: row.amount for row in balance.available}["gbp"] == 100_000_000 - 1500

    def test_lists_filter_and_page(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        one, two = stand_in.active_account(), stand_in.active_account()
        made = [transfer(client, two if n % 2 else one, f"k{n}", transfer_group=f"g{n}").id for n in range(25)]
        first = client.v1.transfers.list({"limit": 10})
        assert ([row.id for row in first.data], first.has_more) == (made[:14:-1], True)
        assert [row.id for row in first.auto_paging_iter()] == made[::-1]
        assert [row.id for row in client.v1.transfers.list({"transfer_group": "g3"}).data] == [made[3]]
        mine = client.v1.transfers.list({"destination": one, "limit": 100})
        assert [row.id for row in mine.data] == made[::2][::-1]
        assert client.v1.transfers.list({"transfer_group": "none"}).data == []
        at = client.v1.transfers.retrieve(made[0]).created
        assert client.v1.transfers.list({"created": {"gte": at + 3600}}).data == []
        assert len(client.v1.transfers.list({"created": {"gte": at}, "limit": 100}).data) == 25
        before = client.v1.transfers.list({"ending_before": made[10], "limit": 3})
        assert [row.id for row in before.data] == [made[13], made[12], made[11]]

    def test_reversals(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        made = transfer(client, stand_in.active_account(), "k")
        part = client.v1.transfers.reversals.create(made.id, {"amount": 500, "metadata": {"why": "refund"}})
        assert client.v1.transfers.reversals.retrieve(made.id, part.id).amount == 500
        assert client.v1.transfers.retrieve(made.id).amount_reversed == 500
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.transfers.reversals.create(made.id, {"amount": 1001})
        client.v1.transfers.reversals.create(made.id)
        assert client.v1.transfers.retrieve(made.id).reversed is True
        books = stand_in.books()
        assert (books["totals"], books["reversed"]) == ({"GBP": 1500}, {"GBP": 1500})
        assert books["balances"]["GBP"] == 100_000_000

    def test_reversal_needs_money_on_the_connected_account(
        self, client: stripe.StripeClient, stand_in: StandIn
    ) -> None:
        account = stand_in.active_account()
        made = transfer(client, account, "k")
        stand_in.control("POST", f"accounts/{account}", balance={"gbp": 100})
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.transfers.reversals.create(made.id, {"amount": 500})
        assert refused.value.code == "balance_insufficient"
        assert stand_in.books()["reversed"] == {"GBP": 0}

    @pytest.mark.parametrize(
        ("change", "code", "param"),
        [
            ({"colour": "red"}, "parameter_unknown", "colour"),
            ({"currency": None}, "parameter_missing", "currency"),
            ({"amount": None}, "parameter_missing", "amount"),
            ({"amount": "12.5"}, "parameter_invalid_integer", "amount"),
            ({"destination": "acct_nobody"}, "resource_missing", "destination"),
        ],
    )
    def test_refusals_before_anything_runs(
        self, client: stripe.StripeClient, stand_in: StandIn, change: dict[str, Any], code: str, param: str
    ) -> None:
        params = {"amount": 1500, "currency": "gbp", "destination": stand_in.active_account(), **change}
        params = {name: value for name, value in params.items() if value is not None}
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.transfers.create(params)  # type: ignore[arg-type]
        assert (refused.value.code, refused.value.param, refused.value.http_status) == (code, param, 400)
        assert stand_in.payments() == []

    def test_wrong_key_and_closed_account(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        with pytest.raises(stripe.AuthenticationError):
            transfer(stripe_client(stand_in, key="sk_test_other"), account, "k1")
        stand_in.control("POST", f"accounts/{account}", closed=True)
        with pytest.raises(stripe.InvalidRequestError) as refused:
            transfer(client, account, "k2")
        assert refused.value.code == "account_invalid"
        assert stand_in.payments() == []


class TestIdempotencyV1:
    def test_replays_within_24_hours_and_runs_again_after(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        first = transfer(client, account, "k")
        stand_in.advance_clock(DAY - 60)
        again = transfer(client, account, "k")
        assert again.id == first.id
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        stand_in.advance_clock(61)
        assert transfer(client, account, "k").id != first.id
        assert stand_in.books()["totals"] == {"GBP": 3000}

    def test_other_parameters_are_refused(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        transfer(client, account, "k")
        with pytest.raises(stripe.IdempotencyError) as refused:
            transfer(client, account, "k", amount=1600)
        assert refused.value.http_status == 400
        assert stand_in.books()["totals"] == {"GBP": 1500}

    def test_refusal_that_was_executed_is_replayed(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        stand_in.set_balance("GBP", 100)
        for _ in range(2):
            with pytest.raises(stripe.InvalidRequestError) as refused:
                transfer(client, account, "k")
            assert refused.value.code == "balance_insufficient"
            stand_in.set_balance("GBP", 10_000)
        assert transfer(client, account, "k2").amount == 1500

    def test_validation_failure_is_forgotten(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        with pytest.raises(stripe.InvalidRequestError):
            transfer(client, account, "k", colour="red")
        assert transfer(client, account, "k").amount == 1500

    def test_concurrent_request_gets_409_which_is_not_saved(
        self, client: stripe.StripeClient, stand_in: StandIn
    ) -> None:
        account = stand_in.active_account()
        stand_in.fault("slow", path_prefix="/v1/transfers", seconds=0.8, times=1)
        slow = threading.Thread(target=transfer, args=(client, account, "k"))
        slow.start()
        threading.Event().wait(0.3)
        with pytest.raises(stripe.StripeError) as refused:
            transfer(client, account, "k")
        assert refused.value.http_status == 409
        assert refused.value.json_body["error"]["code"] == "idempotency_key_in_use"
        slow.join()
        assert transfer(client, account, "k").amount == 1500
        assert len(stand_in.payments()) == 1


class TestOtherRails:
    def test_credit_on_a_customers_balance(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        customer = client.v1.customers.create({"email": "sam@example.com"})
        client.v1.customers.balance_transactions.create(
            customer.id, {"amount": -1000, "currency": "gbp", "metadata": {"payout_id": "9"}}
        )
        assert client.v1.customers.retrieve(customer.id).balance == -1000
        (row,) = client.v1.customers.balance_transactions.list(customer.id).data
        assert (row.amount, row.ending_balance) == (-1000, -1000)
        (paid,) = stand_in.payments()
        assert (paid["kind"], paid["payout_id"], paid["amount_minor"]) == ("credit", "9", 1000)

    def test_promotion_codes(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        coupon = client.v1.coupons.create({"amount_off": 1000, "currency": "gbp", "duration": "once", "name": "Thanks"})
        assert client.v1.coupons.retrieve(coupon.id).amount_off == 1000
        made = client.v1.promotion_codes.create(
            {
                "promotion": {"type": "coupon", "coupon": coupon.id},
                "code": "SAM10",
                "max_redemptions": 1,
                "restrictions": {"first_time_transaction": True},
            }
        )
        assert (made.promotion.coupon, made.max_redemptions, made.restrictions.first_time_transaction) == (
            coupon.id,
            1,
            True,
        )
        assert [row.id for row in client.v1.promotion_codes.list({"code": "sam10"}).data] == [made.id]
        assert client.v1.promotion_codes.retrieve(made.id).code == "SAM10"
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "sam10"})
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.promotion_codes.create({"coupon": coupon.id})  # type: ignore[typeddict-item]
        assert (refused.value.code, refused.value.param) == ("parameter_unknown", "coupon")
        assert [row["code"] for row in stand_in.books()["promotion_codes"]] == ["SAM10"]

    def test_outbound_payment(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        wanted = {"recipient": {"capabilities": {"bank_accounts": {"local": {"requested": True}}}}}
        account = client.v2.core.accounts.create({"configuration": wanted})
        params: Any = {
            "from": {"financial_account": "fa_1", "currency": "gbp"},
            "to": {"recipient": account.id},
            "amount": {"value": 1500, "currency": "gbp"},
            "metadata": {"payout_id": "5"},
        }
        with pytest.raises(stripe.StripeError) as refused:
            client.v2.money_management.outbound_payments.create(params, options={"idempotency_key": "k"})
        assert type(refused.value).__name__ == "CapabilityNotEnabledError"
        stand_in.account_status(account.id, "active")
        made = client.v2.money_management.outbound_payments.create(params, options={"idempotency_key": "k"})
        assert (made.status, made.amount.value) == ("processing", 1500)
        assert client.v2.money_management.outbound_payments.retrieve(made.id).status == "posted"
        stand_in.control("POST", f"outbound_payments/{made.id}", status="returned")
        (listed,) = client.v2.money_management.outbound_payments.list({"recipient": account.id}).data
        assert listed.status == "returned"
        books = stand_in.books()
        assert (books["totals"], books["reversed"]) == ({"GBP": 1500}, {"GBP": 1500})
        assert books["balances"]["GBP"] == 100_000_000

    def test_v2_keeps_successes_30_days_and_tries_failures_again(
        self, client: stripe.StripeClient, stand_in: StandIn
    ) -> None:
        wanted = {"recipient": {"capabilities": {"cards": {"requested": True}}}}
        recipient = client.v2.core.accounts.create({"configuration": wanted}).id
        stand_in.account_status(recipient, "active")
        params: Any = {
            "from": {"financial_account": "fa_1", "currency": "gbp"},
            "to": {"recipient": recipient},
            "amount": {"value": 1500, "currency": "gbp"},
        }
        pay = client.v2.money_management.outbound_payments.create
        stand_in.set_balance("GBP", 0)
        with pytest.raises(stripe.StripeError) as short:
            pay(params, options={"idempotency_key": "k"})
        assert type(short.value).__name__ == "InsufficientFundsError"
        stand_in.set_balance("GBP", 10_000)
        first = pay(params, options={"idempotency_key": "k"})
        stand_in.advance_clock(29 * DAY)
        assert pay(params, options={"idempotency_key": "k"}).id == first.id
        with pytest.raises(stripe.IdempotencyError):
            pay({**params, "description": "other"}, options={"idempotency_key": "k"})
        stand_in.advance_clock(2 * DAY)
        assert pay(params, options={"idempotency_key": "k"}).id != first.id
