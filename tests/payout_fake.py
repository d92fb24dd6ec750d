"""A provider for tests that keeps its books in memory, forgets keys after a day, and fails on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import (
    AccountFacts,
    AccountState,
    Capabilities,
    NotSupported,
    Outcome,
    PayoutOrder,
    PayoutProvider,
    PayoutRequest,
    PayoutResult,
    Recipient,
    ReversalRequest,
    SentPayout,
    WebhookEvent,
    WebhookRefused,
)

PATH = "tests.payout_fake.FakeProvider"
SECRET = "planted-webhook-secret"


@dataclass
class Order:
    ref: str
    key: str
    payout_id: str
    amount: Money
    created_at: datetime
    outcome: Outcome = Outcome.PAID
    reversed_minor: int = 0


@dataclass
class Shop:
    """The provider’s side. ``faults`` are taken one a request: “drop” does it and loses the answer, “lost” loses the
    request, “final”, “action”, “not_now”, “retry” and “accept” answer so, “exit” ends the worker after it was done."""

    orders: list[Order] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    look_ups: list[str] = field(default_factory=list)
    look_up_faults: list[Outcome | type[BaseException]] = field(default_factory=list)
    sends: int = 0
    reversals: dict[str, int] = field(default_factory=dict)
    window: timedelta = timedelta(hours=24)
    numbers: Any = field(default_factory=lambda: count(1))
    lock: Any = field(default_factory=threading.Lock)

    def paid(self, payout_id: object) -> int:
        return sum(order.payout_id == str(payout_id) for order in self.orders)

    def order(self, payout_id: object) -> Order:
        (order,) = [order for order in self.orders if order.payout_id == str(payout_id)]
        return order

    def book(self, request: PayoutRequest, outcome: Outcome = Outcome.PAID) -> Order:
        with self.lock:
            for order in self.orders:
                known = order.key == request.idempotency_key
                if known and order.created_at + self.window > timezone.now():
                    return order
            ref = f"fake-{next(self.numbers)}"
            order = Order(ref, request.idempotency_key, request.payout_id, request.amount, timezone.now(), outcome)
            self.orders.append(order)
            return order


SHOP = Shop()


def new_shop() -> Shop:
    """Empty books; each test begins so."""
    SHOP.__init__()  # type: ignore[misc]
    return SHOP


def register(settings: Any, **can: Any) -> Shop:
    """The shop as provider “fake” of the site, with empty books; ``can`` are its capabilities, if others than usual."""
    providers = {
        "manual": "referral_blocks.payouts.providers.manual.provider.ManualProvider",
        "points": "referral_blocks.payouts.providers.points.PointsProvider",
        "fake": {"path": PATH, "options": can},
    }
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": providers}
    return new_shop()


class FakeProvider(PayoutProvider):
    label = "Fake shop"
    capabilities = Capabilities(
        divisible=True, gathers=True, read_back=True, reverse=True, webhooks=True, retry_window=timedelta(hours=20)
    )

    def __init__(self, **can: Any) -> None:
        if can:
            self.capabilities = Capabilities(**{"divisible": True, "gathers": True, **can})

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        return {"amount": order.amount.amount_minor, "title": order.title}

    def send(self, request: PayoutRequest) -> PayoutResult:
        SHOP.sends += 1
        fault = SHOP.faults.pop(0) if SHOP.faults else ""
        if fault == "lost":
            raise ConnectionError
        if fault == "broken":
            raise RuntimeError(SECRET)
        proven = {
            "final": Outcome.FAILED_FINAL,
            "action": Outcome.NEEDS_ACTION,
            "not_now": Outcome.NOT_NOW,
            "refused": Outcome.NOT_NOW,
            "retry": Outcome.FAILED_RETRYABLE,
        }
        if fault in proven:
            wait = timedelta(minutes=10) if fault == "not_now" else None
            said = f"the shop says {fault}"
            return PayoutResult(proven[fault], message=said, retry_after=wait, refused=fault == "refused")
        order = SHOP.book(request, Outcome.ACCEPTED if fault == "accept" else Outcome.PAID)
        if fault == "drop":
            raise ConnectionError
        if fault == "returned":
            order.outcome = Outcome.RETURNED
        if fault == "exit":
            raise SystemExit(1)
        return PayoutResult(order.outcome, provider_ref=order.ref, response={"status": str(order.outcome)})

    def look_up(self, request: PayoutRequest, *, provider_ref: str = "") -> PayoutResult:
        self._can("read_back")
        SHOP.look_ups.append(request.payout_id)
        if SHOP.look_up_faults:
            fault = SHOP.look_up_faults.pop(0)
            if not isinstance(fault, Outcome):
                raise fault
            return PayoutResult(fault, message="the books cannot tell")
        for order in SHOP.orders:
            if order.payout_id == request.payout_id and provider_ref in ("", order.ref):
                return PayoutResult(order.outcome, provider_ref=order.ref)
        return PayoutResult(Outcome.FAILED_FINAL, message="not in the books")

    def sent_since(self, moment: datetime) -> list[SentPayout]:
        self._can("read_back")
        return [
            SentPayout(o.ref, o.payout_id, o.amount, o.outcome, o.created_at, o.reversed_minor)
            for o in SHOP.orders
            if o.created_at >= moment
        ]

    def reverse(self, request: ReversalRequest) -> PayoutResult:
        self._can("reverse")
        fault = SHOP.faults.pop(0) if SHOP.faults else ""
        if fault == "final":
            return PayoutResult(Outcome.FAILED_FINAL, message="the recipient has no balance")
        if fault == "lost":
            raise ConnectionError
        if request.idempotency_key not in SHOP.reversals:
            SHOP.reversals[request.idempotency_key] = request.amount.amount_minor
            (order,) = [o for o in SHOP.orders if o.ref == request.provider_ref]
            order.reversed_minor += request.amount.amount_minor
        if fault == "drop":
            raise ConnectionError
        return PayoutResult(Outcome.PAID, provider_ref=f"back-{request.idempotency_key[:8]}")

    def read_webhook(self, headers: Any, body: bytes) -> WebhookEvent:
        self._can("webhooks")
        at, given = headers.get("Shop-Time", ""), headers.get("Shop-Signature", "")
        if not hmac.compare_digest(_signature(at, body), given):
            raise WebhookRefused("forged")
        if abs(time.time() - int(at)) > 300:
            raise WebhookRefused("stale")
        try:
            said = json.loads(body)
            return WebhookEvent(
                said["id"], said["kind"], said.get("ref", ""), said.get("payout", ""), said.get("account", "")
            )
        except (ValueError, KeyError) as error:
            raise WebhookRefused("malformed") from error

    def open_account(self, *, recipient: Recipient, key: str) -> AccountFacts:
        self._can("needs_account")
        return AccountFacts(f"acct-{key}", AccountState.READY)

    def onboarding_url(self, *, account: str, refresh_url: str, return_url: str) -> str:
        self._can("needs_account")
        return f"https://shop.invalid/{account}"

    def read_account(self, account: str) -> AccountFacts:
        self._can("needs_account")
        return AccountFacts(account, AccountState.READY)

    def _can(self, capability: str) -> None:
        if not getattr(self.capabilities, capability):
            raise NotSupported


def signed(said: dict[str, Any] | bytes, *, age: timedelta = timedelta()) -> tuple[dict[str, str], bytes]:
    """Headers and body of a message as the shop sends it."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    at = str(int((timezone.now() - age).timestamp()))
    return {"Shop-Time": at, "Shop-Signature": _signature(at, body)}, body


def _signature(at: str, body: bytes) -> str:
    return hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
