"""Secrets of endpoints, and the headers that prove where a message comes from, as in Standard Webhooks."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from standardwebhooks import Webhook

from referral_blocks.core.crypto import decrypt

from .models import WebhookDelivery, WebhookEndpoint

BYTES = 32


def new_secret() -> str:
    """A secret as receivers' libraries take it; 256 random bits."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(BYTES)).decode()


@sensitive_variables()
def headers_of(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> dict[str, str]:
    """Signed now, with each secret that holds; raises CannotDecrypt. The id is the same at each try, so that receivers
    can tell a repetition; the moment is not, so that they can refuse what is old."""
    now = timezone.now().astimezone(UTC).replace(microsecond=0)
    signatures = [
        Webhook(secret).sign(delivery.message_id, now, delivery.body) for secret in _secrets(endpoint, now)
    ]  # fmt: skip
    return {
        "Content-Type": "application/json",
        "User-Agent": "referral-blocks-webhooks/1",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@sensitive_variables()
def _secrets(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    found = [decrypt(endpoint.secret)]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > now:
        found.append(decrypt(endpoint.old_secret))
    return found
