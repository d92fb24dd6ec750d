"""What Runa's answers to an order mean for the payout; nothing of a link or a code is in a result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware, make_aware

from referral_blocks.payouts.provider import Outcome, PayoutResult

from .client import PROCESSING, Answer

SHORTEST_WAIT = timedelta(seconds=5)  # what Runa asks for after “too many requests”
LONGEST_WAIT = timedelta(hours=1)  # whatever it asks for
# Error type → outcome, as https://developer.runa.io/errors lists them.
UNKNOWN = ("idempotency_in_progress", "idempotency_validation_error")
# Nothing is wrong with this payout: with our account, our key or our settings there is.
NOT_NOW = (
    "insufficient_funds", "ordering_restricted", "payment_method_unavailable", "invalid_version", "version_removed",
    "invalid_api_key", "unauthorized", "forbidden", "insecure_protocol", "invalid_execution_mode",
)  # fmt: skip
REFUSED_US = (401, 403, 410)
BALANCE = ("insufficient_funds", "ordering_restricted")  # what money, or time, mends
WORDS = {
    "insufficient_funds": "Runa: the balance is too low.",
    "ordering_restricted": "Runa: the account’s spending limit is reached.",
    "version_removed": "Runa no longer knows this version of the API: set api_version.",
    "idempotency_validation_error": "Runa knows this key with another order; it has to be looked up.",
}


def result_of(answer: Answer) -> PayoutResult:
    """The answer to POST /order, or to GET /order/{id} when that is 200."""
    if answer.status in (200, 202):
        return _of_order(answer)
    if answer.status == 429:
        # Its body is another one than all other errors have, so that only the status counts.
        wish = timedelta(seconds=answer.retry_after or 0)
        return PayoutResult(
            Outcome.FAILED_RETRYABLE,
            message="Runa: too many requests.",
            retry_after=min(max(wish, SHORTEST_WAIT), LONGEST_WAIT),
        )
    if answer.status == PROCESSING or answer.kind in UNKNOWN:
        return _failure(Outcome.UNKNOWN, answer, retry_after=SHORTEST_WAIT)
    if answer.kind in NOT_NOW or answer.status in REFUSED_US:
        return _failure(Outcome.NOT_NOW, answer)
    if 400 <= answer.status < 500 and answer.status != 408:
        return _failure(Outcome.FAILED_FINAL, answer)
    return _failure(Outcome.UNKNOWN, answer)


def _failure(outcome: Outcome, answer: Answer, *, retry_after: timedelta | None = None) -> PayoutResult:
    # Runa's own sentence stays out: it may quote what was sent, an address for instance.
    response: dict[str, Any] = {"status": answer.status, "type": answer.kind[:60]}
    if isinstance(answer.body, dict) and isinstance(answer.body.get("details"), list):
        response["fields"] = [".".join(map(str, d.get("location", ())))[:100] for d in _dicts(answer.body["details"])]
    message = WORDS.get(answer.kind) or f"Runa answered {answer.status} {answer.kind[:60]}".strip() + "."
    refused = outcome == Outcome.NOT_NOW and answer.kind not in BALANCE
    return PayoutResult(outcome, response=response, message=message, retry_after=retry_after, refused=refused)


def _of_order(answer: Answer) -> PayoutResult:
    order = answer.body if isinstance(answer.body, dict) else {}
    ref, status = order.get("id"), order.get("status")
    outcome = {
        "COMPLETED": Outcome.PAID, "PROCESSING": Outcome.ACCEPTED, "FAILED": Outcome.FAILED_FINAL
    }.get(status if isinstance(status, str) else "")  # fmt: skip
    if outcome is None or not isinstance(ref, str) or not ref or len(ref) > 60:
        return PayoutResult(
            Outcome.UNKNOWN, response={"status": answer.status}, message="Runa: no order in the answer."
        )
    return PayoutResult(outcome, provider_ref=ref, response=shown(order), message=f"Runa: the order is {status}.")


def shown(order: dict[str, Any]) -> dict[str, Any]:
    """Of an order only what is named here, so that no link or code comes along."""
    names = ("id", "status", "created_at", "completed_at", "currency", "total_price", "total_discount")
    items = [
        {"id": str(item.get("id", "")), "face_value": str(item.get("face_value", "")), "payout": payout_of(item)[0]}
        for item in _dicts(order.get("items"))
    ]
    return {**{name: str(order[name])[:60] for name in names if order.get(name) is not None}, "items": items}


def payout_of(item: dict[str, Any]) -> tuple[str, str, datetime | None]:
    """The status, the link (a secret) and the expiry of an item's payout."""
    payout = item.get("payout")
    payout = payout if isinstance(payout, dict) else {}
    status, url, expires = (payout.get(name) for name in ("status", "url", "expiry_date"))
    return (
        status if isinstance(status, str) else "",
        url if isinstance(url, str) else "",
        moment(expires),
    )


def moment(value: Any) -> datetime | None:
    """A moment as Runa writes it, in UTC where it does not say; None for what is none: a gift card is worth as much."""
    try:
        at = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None or is_aware(at) else make_aware(at, UTC)


def link_in(order: Any) -> tuple[str, datetime | None]:
    """The gift card's link, empty where there is none yet, and when it expires."""
    for item in _dicts(order.get("items") if isinstance(order, dict) else None):
        _status, url, expires = payout_of(item)
        if url:
            return url, expires
    return "", None


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
