"""An endpoint is sent a message about nothing, to see whether it listens."""

from __future__ import annotations

from referral_blocks.core.ratelimit import check_rate
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from referral_blocks.webhooks.endpoints.outbox import make_test

RATE = "10/minute"  # an endpoint: each makes this server call an address that somebody typed


def send_test_webhook(*, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """The message, which the queue sends once, also where the endpoint is switched off; what comes of it changes
    nothing else. Raises TooManyRequests."""
    check_rate("webhook_test", str(endpoint.pk), limit=RATE)
    return make_test(endpoint=endpoint)
