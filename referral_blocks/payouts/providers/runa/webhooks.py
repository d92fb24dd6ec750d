"""Believes Runa's messages: signed by Svix, the way that Standard Webhooks describes, with headers of other names."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping

from django.views.decorators.debug import sensitive_variables
from standardwebhooks import Webhook, WebhookVerificationError

from referral_blocks.payouts.provider import WebhookEvent, WebhookRefused

TOLERANCE = 300  # seconds
HEADERS = ("id", "timestamp", "signature")
ORDER, PRODUCT = "order.completion", "product.update"


@sensitive_variables("secrets", "secret")
def read(headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str]) -> tuple[WebhookEvent, str]:
    """What has changed – an order, or the product whose code comes second; raises WebhookRefused."""
    given = {f"webhook-{name}": _header(headers, f"svix-{name}") for name in HEADERS}
    if not all(given.values()):
        raise WebhookRefused("malformed")
    _check_age(given["webhook-timestamp"])
    if not any(_is_signed(secret, given, body) for secret in secrets):
        raise WebhookRefused("forged")
    try:
        content = json.loads(body)
    except ValueError:
        raise WebhookRefused("malformed") from None
    ref = content.get("id", "") if isinstance(content, dict) else None
    product = content.get("product_code", "") if isinstance(content, dict) else None
    # The body does not name its kind: an endpoint gets one kind only.
    if isinstance(product, str) and product:
        return WebhookEvent(event_id=given["webhook-id"][:120], kind=PRODUCT), product
    if not isinstance(ref, str) or not 0 < len(ref) <= 60:
        raise WebhookRefused("malformed")
    return WebhookEvent(event_id=given["webhook-id"][:120], kind=ORDER, provider_ref=ref), ""


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name) or headers.get(name.title()) or ""


def _check_age(timestamp: str) -> None:
    """The library checks this too, but does not say apart which messages are old and which are forged."""
    try:
        age = time.time() - float(timestamp)
    except ValueError:
        raise WebhookRefused("malformed") from None
    if not abs(age) <= TOLERANCE:
        raise WebhookRefused("stale")


@sensitive_variables("secret")
def _is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        # ValueError: a signature that is no base64, a body that is no UTF-8.
        return False
    return True
