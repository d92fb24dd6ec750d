"""Stripe's messages: believed for their signature over the raw body, and only as a hint of what to read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import stripe

from referral_blocks.payouts.provider import WebhookEvent, WebhookRefused

TOLERANCE = 300  # seconds; older messages are somebody's replay
THIN = "v2.core.event"


def read(client: stripe.StripeClient, secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> WebhookEvent:
    """Raises WebhookRefused. Several secrets: an endpoint for connected accounts has one of its own, and a new one is
    valid beside the old one while it is rolled over."""
    signature = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
    secret = _fitting(secrets, signature, body)
    try:
        if json.loads(body).get("object") == THIN:
            return _thin(client.parse_event_notification(body, signature, secret, TOLERANCE))
        return _snapshot(client.construct_event(body, signature, secret, TOLERANCE))
    except (ValueError, KeyError, TypeError, AttributeError, stripe.StripeError):
        # Signed, so it is Stripe's; but it is none of the messages that we know how to read.
        raise WebhookRefused("malformed") from None


def _fitting(secrets: Sequence[str], signature: str, body: bytes) -> str:
    """The secret that the message was signed with."""
    stale = False
    for secret in secrets:
        if _is_signed(body, signature, secret, TOLERANCE):
            return secret
        stale = stale or _is_signed(body, signature, secret, None)
    raise WebhookRefused("stale" if stale else "forged") from None


def _is_signed(body: bytes, signature: str, secret: str, tolerance: int | None) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance)
    except (stripe.SignatureVerificationError, ValueError, OverflowError):
        return False
    return True


def _thin(event: Any) -> WebhookEvent:
    """A v2 notification: it has no state at all, and names its object unless the event is about none."""
    related = getattr(event, "related_object", None)
    return _event(event.id, event.type, getattr(related, "id", ""), connected="")


def _snapshot(event: stripe.Event) -> WebhookEvent:
    """A v1 event: it has the object as it was then, of which the ids are taken."""
    about = event.data.object
    connected = str(getattr(event, "account", None) or "")
    metadata = about.get("metadata") if isinstance(about, dict) else getattr(about, "metadata", None)
    payout_id = _text(metadata, "payout_id")
    if event.type.startswith(("capability.", "account.external_account.")):
        connected = connected or _text(about, "account")
    return _event(event.id, event.type, _text(about, "id"), connected=connected, payout_id=payout_id)


def _event(event_id: str, kind: str, about: str, *, connected: str, payout_id: str = "") -> WebhookEvent:
    itself = about.startswith("acct_") or kind == "customer.deleted"
    account = about if itself else connected
    ours = kind.startswith(("transfer.", "promotion_code.", "v2.money_management.outbound_payment."))
    return WebhookEvent(
        event_id=event_id[:120],
        kind=kind[:120],
        provider_ref=about[:120] if ours else "",
        payout_id=payout_id[:36],
        account="" if ours else account[:120],
    )


def _text(source: Any, name: str) -> str:
    try:
        return str(source[name] or "")
    except (KeyError, TypeError):
        return ""
