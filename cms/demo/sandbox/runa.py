"""A stand-in for Runa's API v2: orders of gift cards, the catalogue, balances, and the page behind a payout link."""

from __future__ import annotations

import json
import secrets
from decimal import Decimal
from pathlib import Path
from typing import Any

from .base import Sandbox
from .faults import Fault
from .idempotency import Memory, fingerprint
from .routes import Endpoint, Found, Routes
from .runa_catalogue import Catalogue
from .runa_checks import Validate, error, invalid
from .runa_orders import Orders
from .runa_products import major
from .stripe import totals
from .webhooks import svix_signature
from .wire import Answer, Refusal, Request, json_answer, to_json

API_KEY = "XX-sandbox"
VERSIONS = {"2024-02-05", "2026-09-08"}
REMOVED = {"2023-07-27"}
DAY = 24 * 3600
# Types for statuses on demand.
KINDS = {400: "bad_request", 403: "ordering_restricted", 404: "not_found", 422: "validation_error", 504: "timeout"}


class RunaSandbox(Sandbox):
    """Every outcome of an order is remembered under its key for 30 days, refusals and failures too."""

    name = "runa"
    signer = staticmethod(svix_signature)
    # in_progress_status: 400 as the error table has it, or 102 as the guide has it.
    # processing_polls: how often an asynchronous order still says PROCESSING; async_outcome: COMPLETED or FAILED.
    # ordering_restricted: the account's spending limit is reached. link_days: payout links expire after so many days.
    defaults = {
        "in_progress_status": 400,
        "processing_polls": 0,
        "async_outcome": "COMPLETED",
        "ordering_restricted": False,
        "link_days": None,
    }

    def __init__(self, *, books: Path | None = None, api_key: str = API_KEY, validate: Validate | None = None) -> None:
        super().__init__(books=books, api_key=api_key)
        self.memories = {"order": Memory("order", 30 * DAY)}
        self.validate = validate
        self.orders = Orders(self)
        catalogue = Catalogue(self)
        self.routes = Routes(
            [
                ("GET /v2/ping", lambda request: json_answer({"message": "pong"})),
                ("GET /v2/balance", self.balance),
                *catalogue.routes(),
                *self.orders.routes(),
            ]
        )

    def controls(self) -> list[tuple[str, Endpoint]]:
        return self.orders.controls()

    def respond(self, request: Request, found: Found | None, fault: Fault | None) -> Answer:
        if request.path.startswith(("/spend/", "/assets/")) and found:
            return self.run(lambda: found.endpoint(request, **found.parts), request=request, fault=fault)
        if request.headers.get("x-api-key") != self.api_key:
            raise error(401, "unauthorized", "Missing or invalid 'X-Api-Key' header", help_text="Pass a key.")
        version = request.headers.get("x-api-version", "2024-02-05")
        if version in REMOVED:
            raise error(410, "version_removed", "API version is no longer supported and has been removed")
        if version not in VERSIONS:
            raise error(400, "invalid_version", "Invalid API version")
        if found is None:
            raise error(404, "not_found", "The requested resource does not exist")
        if found.template == "POST /v2/order":
            answer = self._order(request, found, fault)
        else:
            answer = self.run(lambda: found.endpoint(request, **found.parts), request=request, fault=fault)
        return Answer(answer.status, answer.body, answer.content_type, (("X-Api-Version", version), *answer.headers))

    def remembers(self, memory: Memory, answer: Answer) -> bool:
        return True

    def rate_limited(self) -> Answer:
        return json_answer({"error": "rate exceeded"}, 429)

    def in_progress(self, memory: Memory | None, status: int | None = None) -> Answer:
        message = "We are already processing an order for this idempotency key"
        return error(status or self.settings["in_progress_status"], "idempotency_in_progress", message).answer

    def other_request(self, memory: Memory) -> Answer:
        message = "Request payload does not match previous payload for this idempotency key."
        return error(400, "idempotency_validation_error", message).answer

    def failure(self, fault: Fault, request: Request) -> Answer:
        kind = fault.code or KINDS.get(fault.status, "internal_server_error")
        return error(fault.status, kind, "Asked for.").answer

    def restore(self, kind: str, data: Any) -> None:
        self.orders.restore(kind, data)

    def books(self) -> dict[str, Any]:
        payments = self.orders.payments()
        return {"payments": payments, **totals(payments)}

    def balance(self, request: Request) -> Answer:
        currency = request.first("currency")
        if currency is not None:
            return json_answer({"balance": major(self.balances.get(currency, 0), currency), "currency": currency})
        held = sorted((code, amount) for code, amount in self.balances.items() if amount > 0)
        return json_answer([{"balance": major(amount, code), "currency": code} for code, amount in held])

    def take(self, currency: str, amount: int) -> None:
        """Debit the account balance."""
        if self.balances.get(currency, 0) < amount:
            raise error(400, "insufficient_funds", f"Insufficient funds in {currency} balance to create order.")
        self.move(currency, -amount)

    def move(self, currency: str, amount: int) -> None:
        self.balances[currency] = self.balances.get(currency, 0) + amount
        self.note_balances()

    def emit_completion(self, data: dict[str, Any]) -> None:
        """The Svix message of an order that has come to its end."""
        self.webhooks.emit(f"msg_{secrets.token_hex(12)}", "order.completion", to_json(data))

    def _order(self, request: Request, found: Found, fault: Fault | None) -> Answer:
        key = request.headers.get("x-idempotency-key", "")
        if not key:
            where = ["header", "x-idempotency-key"]
            raise invalid([(where, "value_error.missing", "field required")])
        try:
            request.params = {"body": json.loads(request.body, parse_float=Decimal)}
        except ValueError:
            raise error(400, "bad_request", "There is a problem with your request payload or JSON format.") from None

        def work() -> Answer:
            self._contract(request)
            return found.endpoint(request)

        return self.run(
            work,
            request=request,
            fault=fault,
            memory=self.memories["order"],
            key=key,
            fingerprint=fingerprint(request.params["body"]),
        )

    def _contract(self, request: Request) -> None:
        """The order against Runa's own OpenAPI document, where that was given."""
        if self.validate is None:
            return
        wrong = self.validate(json.loads(request.body))
        if wrong:
            self.violations.extend({"path": request.path, "location": where, "message": text} for where, text in wrong)
            refusal: Refusal = invalid([(where, "openapi", text) for where, text in wrong])
            raise refusal
