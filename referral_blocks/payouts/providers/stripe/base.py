"""What the ways of paying through Stripe share: a connection, messages, and the amounts that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import PayoutProvider, WebhookEvent

from . import webhooks
from .amounts import check_amount
from .client import Connection

PAGE = 100  # the most that a list of Stripe's gives at once
# Stripe forgets a v1 key after 24 hours at the earliest.
V1_WINDOW = timedelta(hours=20)


class StripeProvider(PayoutProvider):
    """``api_key``, ``webhook_secret`` (one, or one for each endpoint), ``api_url`` and ``country`` come from the
    setting's ``options``; the same options do for all ways. ``country`` is where recipients are who have not said."""

    def __init__(
        self, *, api_key: str, webhook_secret: str | Sequence[str] = (), api_url: str = "", country: str = ""
    ) -> None:
        self._country = country
        self._connection = Connection(api_key, api_url)
        given = (webhook_secret,) if isinstance(webhook_secret, str) else webhook_secret
        self._webhook_secrets = tuple(secret for secret in given if secret)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._connection!r}>"

    @property
    def client(self) -> stripe.StripeClient:
        return self._connection.client()

    def check_amount(self, amount: Money, options: Mapping[str, Any]) -> None:
        check_amount(amount)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        return webhooks.read(self.client, self._webhook_secrets, headers, body)


def about_payout(payout_id: str) -> dict[str, str]:
    """How an object at Stripe says which payout it is; read back by ``payout_id_of``."""
    return {"payout_id": payout_id}


def payout_id_of(thing: Any) -> str:
    """Our payout's id in the metadata of an object; empty for objects that others made."""
    try:
        return str(thing.metadata["payout_id"] or "")
    except (AttributeError, KeyError, TypeError):
        return ""


def at(seconds: int) -> datetime:
    """A moment as v1 writes it."""
    return datetime.fromtimestamp(seconds, UTC)
