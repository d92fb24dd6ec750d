"""A message is sent again, whatever became of it. Receivers know a repetition by its id."""

from __future__ import annotations

from referral_blocks.webhooks.endpoints.models import WebhookDelivery
from referral_blocks.webhooks.endpoints.outbox import replay

from .replay_failed_webhooks import require_on


def replay_webhook_delivery(*, delivery: WebhookDelivery) -> bool:
    """Send it again now, whatever became of it, with its tries counted anew. False for a test, which is made anew
    instead. Raises NotPossibleNow where the endpoint is off; then nothing is written."""
    require_on(delivery.endpoint)
    done = replay(endpoint=delivery.endpoint, delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return bool(done)
