"""Stripe's error answers."""

from __future__ import annotations

from typing import Any

from .wire import Refusal


def error(
    status: int, code: str | None, message: str, *, kind: str = "invalid_request_error", param: str | None = None,
    executed: bool = False,
) -> Refusal:  # fmt: skip
    """An error in Stripe's shape; ``executed`` ones are remembered under the idempotency key of a v1 request."""
    body: dict[str, Any] = {"message": message, "type": kind}
    if code:
        body["code"] = code
        body["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
    if param:
        body["param"] = param
    return Refusal(status, {"error": body}, executed=executed)


def no_such(what: str, value: str, *, param: str = "id", status: int = 404) -> Refusal:
    """``resource_missing``: 404 for the object asked for, 400 for one that a parameter names."""
    return error(status, "resource_missing", f"No such {what}: '{value}'", param=param)
