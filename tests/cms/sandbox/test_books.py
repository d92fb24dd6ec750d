"""The stand-ins as processes: books that outlive them, many callers at once, nothing of Django inside."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from cms.demo.sandbox.runa import RunaSandbox
from cms.demo.sandbox.wire import Request
from tests.processes import ROOT
from tests.standins import runa_process, running_runa, running_stripe, stripe_process

from .test_runa import body, order
from .test_stripe import stripe_client, transfer


def test_stripe_books_survive_a_kill(tmp_path: Path) -> None:
    books = tmp_path / "stripe.jsonl"
    with stripe_process(books=books) as stand_in:
        account = stand_in.active_account()
        client = stripe_client(stand_in)
        first = transfer(client, account, "k", metadata={"payout_id": "7"})
        client.v1.transfers.reversals.create(first.id, {"amount": 500})
        stand_in.process.kill()
        stand_in.process.wait(10)
    with books.open("a") as file:
        file.write('[["transfer", {"id": "tr_cut_sho')
    with stripe_process(books=books) as stand_in:
        client = stripe_client(stand_in)
        assert transfer(client, account, "k", metadata={"payout_id": "7"}).id == first.id
        assert client.v1.transfers.retrieve(first.id).amount_reversed == 500
        assert transfer(client, account, "k2").amount == 1500
        kept = stand_in.books()
        assert (kept["totals"], kept["reversed"]) == ({"GBP": 3000}, {"GBP": 500})
        assert kept["balances"]["GBP"] == 100_000_000 - 3000 + 500
    with running_stripe(books=books) as stand_in:
        assert stand_in.books()["totals"] == {"GBP": 3000}


def test_runa_books_survive_a_restart(tmp_path: Path) -> None:
    books = tmp_path / "runa.jsonl"
    with runa_process(books=books) as stand_in:
        first = order(stand_in, key="k").json()
        requests.get(first["items"][0]["payout"]["url"], timeout=5)
        stand_in.advance_clock(3600)
    with running_runa(books=books) as stand_in:
        assert order(stand_in, key="k").json()["id"] == first["id"]
        (row,) = stand_in.payments()
        assert (row["id"], row["links"]) == (first["id"], ["CLAIMED"])
        assert stand_in.books()["balances"]["GBP"] == 100_000_000 - 1000


def test_many_callers_with_few_keys_pay_once_a_key() -> None:
    with running_stripe() as stand_in:
        account = stand_in.active_account()
        stand_in.fault("drop_after_commit", path_prefix="/v1/transfers", probability=0.2, seed=3)
        stand_in.fault("status", path_prefix="/v1/transfers", probability=0.2, seed=4, status=500)

        def pay(n: int) -> None:
            sent = {"Authorization": f"Bearer {stand_in.api_key}", "Idempotency-Key": f"key-{n % 20}"}
            form = {"amount": "100", "currency": "gbp", "destination": account, "metadata[payout_id]": str(n % 20)}
            try:
                requests.post(f"{stand_in.url}/v1/transfers", form, headers=sent, timeout=10)
            except requests.ConnectionError:
                return

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(pay, range(400)))
        books = stand_in.books()
        assert sorted(row["payout_id"] for row in books["payments"]) == sorted(map(str, range(20)))
        assert books["totals"] == {"GBP": 2000}
        assert books["balances"]["GBP"] == 100_000_000 - 2000
        assert books["violations"] == []


def test_ten_thousand_orders_are_listed_as_fast_as_ten() -> None:
    """The books grow by the order; a page costs what it shows."""
    import json
    import time

    box = RunaSandbox()
    sent = {"x-api-key": box.api_key, "x-execution-mode": "sync"}
    payload = json.dumps(body(face_value=1)).encode()

    def seconds_for_a_page() -> float:
        start = time.perf_counter()
        for _ in range(20):
            assert box.handle(Request("GET", "/v2/order?limit=10", sent, b"")).status == 200
        return time.perf_counter() - start

    def orders(first: int, last: int) -> None:
        for n in range(first, last):
            made = box.handle(Request("POST", "/v2/order", sent | {"x-idempotency-key": str(n)}, payload))
            assert made.status == 200

    orders(0, 10)
    few = seconds_for_a_page()
    orders(10, 10_000)
    assert seconds_for_a_page() < few * 10
    assert len(box.orders.rows) == 10_000


def test_the_stand_ins_need_neither_django_nor_the_sdk() -> None:
    code = (
        "import sys, cms.demo.sandbox.__main__; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'django', 'wagtail', 'stripe', 'requests'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
