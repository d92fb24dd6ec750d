"""Messages are sent again: one, or all that were given up. Receivers know a repetition by its id."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.webhooks.endpoints.models import Status, WebhookDelivery, WebhookEndpoint
from referral_blocks.webhooks.endpoints.outbox import replay


def replay_webhook_delivery(*, delivery: WebhookDelivery) -> bool:
    """Send it again now, whatever became of it, with its tries counted anew. False for a test, which is made anew
    instead. Raises NotPossibleNow where the endpoint is off; then nothing is written."""
    _require_on(delivery.endpoint)
    done = replay(endpoint=delivery.endpoint, delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return bool(done)


def replay_failed_webhooks(*, endpoint: WebhookEndpoint, since: datetime | None = None) -> int:
    """Send again all that were given up, of those made since then; returns how many. Raises NotPossibleNow where the
    endpoint is off; then nothing is written."""
    _require_on(endpoint)
    return replay(endpoint=endpoint, since=since)


def _require_on(endpoint: WebhookEndpoint) -> None:
    if endpoint.status != Status.ON:
        raise NotPossibleNow(_("This endpoint is switched off. Switch it on first."))
