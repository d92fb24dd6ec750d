"""A stand-in for Stripe: form-encoded v1 and JSON v2 as the SDK speaks them, with books of its own."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from .base import Sandbox
from .faults import Fault
from .idempotency import Memory, fingerprint
from .routes import Endpoint, Found, Routes
from .stripe_accounts import Accounts
from .stripe_credits import Credits
from .stripe_destinations import Destinations
from .stripe_errors import error
from .stripe_outbound import OutboundPayments
from .stripe_promotions import Promotions
from .stripe_transfers import Transfers
from .webhooks import stripe_signature
from .wire import Answer, Refusal, Request, json_answer, nested, to_json

API_KEY = "sk_test_sandbox"
API_VERSION = "2026-10-28.endive"
DAY = 24 * 3600


class StripeSandbox(Sandbox):
    """Recipient accounts, transfers, reversals, customer credit, promotion codes, outbound payments."""

    name = "stripe"
    signer = staticmethod(stripe_signature)
    # outbound_posts: an outbound payment is posted when it is looked at; otherwise a control moves it.
    # link_seconds: how long an onboarding link lives.
    defaults = {"outbound_posts": True, "link_seconds": 300}

    def __init__(self, *, books: Path | None = None, api_key: str = API_KEY) -> None:
        super().__init__(books=books, api_key=api_key)
        self.memories = {"v1": Memory("v1", DAY), "v2": Memory("v2", 30 * DAY)}
        self.accounts = Accounts(self)
        self.transfers = Transfers(self)
        self.credits = Credits(self)
        self.promotions = Promotions(self)
        self.outbound = OutboundPayments(self)
        self.destinations = Destinations(self)
        self.parts = (
            self.accounts,
            self.destinations,
            self.transfers,
            self.credits,
            self.promotions,
            self.outbound,
        )
        self.routes = Routes(
            [
                ("GET /v1/balance", self.balance),
                ("GET /v2/core/events/{id}", self.event),
                *(route for part in self.parts for route in part.routes()),
            ]
        )

    def controls(self) -> list[tuple[str, Endpoint]]:
        return [*self.accounts.controls(), *self.outbound.controls()]

    def respond(self, request: Request, found: Found | None, fault: Fault | None) -> Answer:
        if request.path.startswith("/onboarding/") and found:
            request.params = dict(request.form()) if request.method == "POST" else {}
            return self.run(lambda: found.endpoint(request, **found.parts), request=request, fault=fault)
        self._authenticate(request)
        if found is None:
            raise error(404, None, f"Unrecognized request URL ({request.method}: {request.path}).")
        v2 = request.path.startswith("/v2/")
        request.params = self._params(request, v2)
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        if len(key) > 255:
            raise error(400, None, "Idempotency keys have at most 255 characters.", kind="idempotency_error")
        answer = self.run(
            lambda: found.endpoint(request, **found.parts),
            request=request,
            fault=fault,
            memory=self.memories["v2" if v2 else "v1"] if key else None,
            key=key,
            fingerprint=fingerprint(request.method, request.path, request.params) if key else b"",
        )
        headers = (("Request-Id", f"req_{secrets.token_hex(7)}"), ("Stripe-Version", API_VERSION), *answer.headers)
        return Answer(answer.status, answer.body, answer.content_type, headers, answer.executed)

    def remembers(self, memory: Memory, answer: Answer) -> bool:
        """v1 keeps every outcome once the work began, failures too; v2 keeps successes and tries failures again."""
        return answer.executed and (memory.name == "v1" or answer.status < 300)

    def replayed(self, answer: Answer) -> Answer:
        return Answer(answer.status, answer.body, headers=(("Idempotent-Replayed", "true"),))

    def rate_limited(self) -> Answer:
        return error(429, "rate_limit", "Too many requests.").answer

    def in_progress(self, memory: Memory | None, status: int | None = None) -> Answer:
        message = "Another request with this idempotency key is in progress."
        return error(409, "idempotency_key_in_use", message, kind="idempotency_error").answer

    def other_request(self, memory: Memory) -> Answer:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        return error(400, None, message, kind="idempotency_error").answer

    def failure(self, fault: Fault, request: Request) -> Answer:
        kind = "api_error" if fault.status >= 500 else "invalid_request_error"
        return error(fault.status, fault.code, "Asked for.", kind=kind, executed=True).answer

    def restore(self, kind: str, data: Any) -> None:
        part = next(part for part in self.parts if kind in part.restores)
        part.restore(kind, data)

    def books(self) -> dict[str, Any]:
        payments = [*self.transfers.payments(), *self.credits.payments(), *self.outbound.payments()]
        return {
            "payments": payments,
            **totals(payments),
            "accounts": self.accounts.summary(),
            "promotion_codes": self.promotions.summary(),
        }

    # What does not belong to one resource.

    def balance(self, request: Request) -> Answer:
        amounts = sorted(self.balances.items())
        return json_answer(
            {
                "object": "balance",
                "available": [
                    {"amount": amount, "currency": currency.lower(), "source_types": {"card": amount}}
                    for currency, amount in amounts
                ],
                "connect_reserved": [{"amount": 0, "currency": currency.lower()} for currency, _ in amounts],
                "livemode": False,
                "pending": [
                    {"amount": 0, "currency": currency.lower(), "source_types": {"card": 0}} for currency, _ in amounts
                ],
            }
        )

    def event(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        """A thin event in full, as the SDK fetches it."""
        body = self.webhooks.event(id)
        if body is None:
            raise error(404, "not_found", f"No such event: '{id}'")
        return json_answer({**json.loads(body), **self.accounts.event_data.get(id, {})})

    def take(self, currency: str, amount: int, refusal: Refusal) -> None:
        """Debit the platform's available balance."""
        held = self.balances.get(currency.upper(), 0)
        if held < amount:
            raise refusal
        self.balances[currency.upper()] = held - amount
        self.note_balances()

    def give_back(self, currency: str, amount: int) -> None:
        """Credit the platform's available balance."""
        self.balances[currency.upper()] = self.balances.get(currency.upper(), 0) + amount
        self.note_balances()

    def emit(self, kind: str, obj: dict[str, Any], *, request: Request | None = None, account: str = "") -> str:
        """A v1 snapshot event."""
        event_id = f"evt_{secrets.token_hex(12)}"
        key = request.headers.get("idempotency-key") if request else None
        event = {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self.now()),
            "data": {"object": obj},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": key},
            "type": kind,
        }
        if account:
            event["account"] = account
        self.webhooks.emit(event_id, kind, to_json(event))
        return event_id

    def _authenticate(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            raise error(401, None, "Invalid API Key provided.")

    def _params(self, request: Request, v2: bool) -> dict[str, Any]:
        if request.method == "GET":
            return nested(request.query)
        if not v2:
            return nested(request.form())
        try:
            params = json.loads(request.body or b"{}")
        except ValueError:
            raise error(400, "invalid_fields", "The body is not JSON.") from None
        if not isinstance(params, dict):
            raise error(400, "invalid_fields", "The body is not a JSON object.")
        return params


def totals(payments: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """What was paid and what came back, by currency, in minor units."""
    paid: dict[str, int] = {}
    back: dict[str, int] = {}
    for payment in payments:
        paid[payment["currency"]] = paid.get(payment["currency"], 0) + payment["amount_minor"]
        back[payment["currency"]] = back.get(payment["currency"], 0) + payment["reversed_minor"]
    return {"totals": paid, "reversed": back}
