"""The providers' stand-ins for tests: in a thread of the test, or as a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from cms.demo.sandbox.runa import API_KEY as RUNA_KEY
from cms.demo.sandbox.runa import RunaSandbox
from cms.demo.sandbox.runa_checks import Validate, openapi_validator
from cms.demo.sandbox.server import Running
from cms.demo.sandbox.stripe import API_KEY as STRIPE_KEY
from cms.demo.sandbox.stripe import StripeSandbox

from .processes import ROOT, free_port, wait_for

OPENAPI = "runa-openapi-2024-02-05-nullable-fixed.json"


@dataclass(frozen=True)
class StandIn:
    """A stand-in that runs. ``base_url`` is what an adapter is configured with."""

    url: str
    base_url: str
    api_key: str
    process: subprocess.Popen[str] | None = None

    def control(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        """One of the controls; an answer other than 200 fails the test."""
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=body or None, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def books(self) -> dict[str, Any]:
        """The provider's side: payments, totals, reversed, balances, requests, violations, faults, deliveries."""
        return self.control("GET", "books")

    def payments(self) -> list[dict[str, Any]]:
        """What the provider paid, oldest first."""
        return self.books()["payments"]

    def fault(self, kind: str, **rule: Any) -> None:
        """Ask for a fault; see ``cms/demo/sandbox/faults.py``."""
        self.control("POST", "faults", kind=kind, **rule)

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def set_balance(self, currency: str, amount_minor: int) -> None:
        self.control("POST", "balance", currency=currency, amount_minor=amount_minor)

    def advance_clock(self, seconds: float) -> None:
        """Only the stand-in's clock; it forgets keys and lets links expire by it."""
        self.control("POST", "clock", advance_seconds=seconds)

    def settings(self, **changes: Any) -> None:
        self.control("POST", "settings", **changes)

    def webhook(self, url: str, secret: str, *events: str) -> None:
        """Send events to ``url`` from now on, those that begin with one of ``events`` or all."""
        self.control("POST", "webhooks", url=url, secret=secret, events=list(events))

    def resend(self, event_id: str) -> None:
        self.control("POST", "webhooks/resend", event_id=event_id)

    def events(self) -> list[dict[str, str]]:
        """Id and type of the recent events, oldest first."""
        return self.control("GET", "events")["events"]

    # Stripe only.

    def account_status(self, account: str, status: str) -> None:
        """Move the capabilities of a recipient account: active, pending, restricted, …"""
        self.control("POST", f"accounts/{account}", status=status)

    def active_account(self, **metadata: str) -> str:
        """A recipient account that has been onboarded."""
        wanted = {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}}
        answer = requests.post(
            f"{self.url}/v2/core/accounts",
            json={"contact_email": "recipient@example.com", "configuration": wanted, "metadata": metadata},
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=30,
        )
        account = str(answer.json()["id"])
        self.account_status(account, "active")
        return account


@dataclass
class Receiver:
    """Takes webhooks: what came, and what to answer next (200 when nothing is planned)."""

    url: str
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        """The first ``count`` requests, each its headers (lower case) and its raw body."""
        wait_for(lambda: len(self.received) >= count, seconds=15, why=f"{len(self.received)} of {count} webhooks came")
        return self.received[:count]


@contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    """A loopback address that takes webhooks and remembers them."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.planned.pop(0) if receiver.planned else 200
            receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hooks/")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def reference(name: str) -> Path | None:
    """A provider's document, where PROVIDER_REFERENCE_DIR says that they are."""
    folder = os.environ.get("PROVIDER_REFERENCE_DIR")
    path = Path(folder) / name if folder else None
    return path if path and path.exists() else None


@contextmanager
def running_stripe(*, books: Path | None = None) -> Iterator[StandIn]:
    """The Stripe stand-in in a thread; ``stripe.StripeClient(key, base_addresses={"api": base_url})``."""
    running = Running(StripeSandbox(books=books)).start()
    try:
        yield StandIn(running.url, running.url, STRIPE_KEY)
    finally:
        running.stop()


@contextmanager
def running_runa(*, books: Path | None = None) -> Iterator[StandIn]:
    """The Runa stand-in in a thread; checks orders against Runa's OpenAPI document where that is present."""
    running = Running(RunaSandbox(books=books, validate=_validate())).start()
    try:
        yield StandIn(running.url, f"{running.url}/v2", RUNA_KEY)
    finally:
        running.stop()


@contextmanager
def stripe_process(*, port: int | None = None, books: Path | None = None) -> Iterator[StandIn]:
    """The Stripe stand-in as its own process."""
    with _process("stripe", port, books) as (url, process):
        yield StandIn(url, url, STRIPE_KEY, process)


@contextmanager
def runa_process(*, port: int | None = None, books: Path | None = None) -> Iterator[StandIn]:
    """The Runa stand-in as its own process."""
    extra = ["--openapi", str(path)] if (path := reference(OPENAPI)) and _validate() else []
    with _process("runa", port, books, *extra) as (url, process):
        yield StandIn(url, f"{url}/v2", RUNA_KEY, process)


@contextmanager
def _process(
    name: str, port: int | None, books: Path | None, *extra: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = port or free_port()
    kept = ["--books", str(books)] if books else []
    command = [sys.executable, "-m", "cms.demo.sandbox", name, "--port", str(port), *kept, *extra]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _healthy(url) or process.poll() is not None, seconds=20, why=f"{name} did not start")
        assert process.poll() is None, f"the {name} stand-in ended at once"
        yield url, process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(10)


def _healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/_sandbox/health", timeout=2).ok
    except requests.ConnectionError:
        return False


def _validate() -> Validate | None:
    path = reference(OPENAPI)
    if path is None:
        return None
    try:
        return openapi_validator(path)
    except ImportError:
        return None
