"""Reads Runa's own list of our orders; a payout is found by its id, which is each order's description."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min
from django.utils import timezone

from referral_blocks.core.money import Money
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.provider import Outcome, ProviderUnavailable, SentPayout

from .catalog import next_page, to_minor
from .client import NoAnswer, RunaClient
from .results import moment

PAGE = 500
MOST_PAGES = 200
CLOCKS = timedelta(hours=1)  # how far Runa's clock and ours may be apart
# An order that is being carried out is not in the list yet: until then it proves nothing that one is not there.
SETTLED = timedelta(minutes=2)


def orders_since(client: RunaClient, moment: datetime | None) -> Iterator[dict[str, Any]]:
    """Every order since ``moment`` (None: every order) as the list has it; one that is not complete has an id and a
    status only. Raises ProviderUnavailable."""
    params: dict[str, str | int] = {"limit": PAGE}
    for _page in range(MOST_PAGES):
        body = read(client, "/order", params)
        items = [item for item in body.get("items") or () if isinstance(item, dict)]
        yield from items
        after = next_page(body)
        if not after or (moment is not None and _is_past(items, moment - CLOCKS)):
            return
        params["after"] = after
    raise ProviderUnavailable("Runa: too many orders to look through.")


def read(client: RunaClient, path: str, params: dict[str, str | int] | None = None) -> dict[str, Any]:
    """The body of a GET; raises ProviderUnavailable."""
    try:
        answer = client.get(path, params)
    except NoAnswer as error:
        raise ProviderUnavailable(f"Runa: no answer ({error}).") from None
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise ProviderUnavailable(f"Runa answered {answer.status} {answer.kind[:60]}".strip() + ".")
    return answer.body


def _is_past(items: list[dict[str, Any]], moment: datetime) -> bool:
    """Whether the list runs from new to old and has come to before ``moment``; nothing is known of the order that
    Runa lists in, so that a list in any other order is read to its end."""
    times = [at for at in map(created_at, items) if at is not None]
    return len(times) > 1 and times == sorted(times, reverse=True) and times[0] > times[-1] and times[-1] < moment


def created_at(order: dict[str, Any]) -> datetime | None:
    return moment(order.get("created_at"))


def payout_id_of(order: dict[str, Any]) -> str:
    """Our payout's id; empty for an order that somebody made by hand."""
    try:
        return str(uuid.UUID(str(order.get("description"))))
    except ValueError:
        return ""


def first_try_at(payout_id: str) -> datetime | None:
    """When this payout was first spoken of; None when we do not know."""
    return PayoutAttempt.objects.filter(payout__public_id=payout_id).aggregate(at=Min("created_at"))["at"]


def is_too_early(idempotency_key: str) -> bool:
    """Whether the order may be on its way still."""
    recent = PayoutAttempt.objects.filter(created_at__gt=timezone.now() - SETTLED)
    return recent.filter(idempotency_key=idempotency_key).exists()


def as_sent(client: RunaClient, order: dict[str, Any]) -> SentPayout | None:
    """A completed order; None for one that nothing was paid for. Raises ProviderUnavailable.

    The list tells prices, which are not face values where fees or discounts come in: an order whose price is not what
    we expect is asked for by itself.
    """
    at, ref, payout_id = created_at(order), str(order.get("id", "")), payout_id_of(order)
    if order.get("status") != "COMPLETED" or at is None:
        return None
    expected = Payout.objects.filter(public_id=payout_id).first() if payout_id else None
    currency = str(order.get("currency", ""))
    amount = Money(to_minor(order.get("total_price"), currency) or 0, currency)
    if expected is None or amount != expected.amount:
        amount = _face_value(read(client, f"/order/{ref}"), currency)
    return SentPayout(provider_ref=ref, payout_id=payout_id, amount=amount, outcome=Outcome.PAID, created_at=at)


def _face_value(order: dict[str, Any], currency: str) -> Money:
    items = [item for item in order.get("items") or () if isinstance(item, dict)]
    code = str((items[0].get("currency") if items else "") or currency)
    return Money(sum(to_minor(item.get("face_value"), code) or 0 for item in items), code)
