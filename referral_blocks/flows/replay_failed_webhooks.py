"""All messages that were given up at an endpoint are sent again. Receivers know a repetition by its id."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.webhooks.endpoints.models import Status, WebhookEndpoint
from referral_blocks.webhooks.endpoints.outbox import replay


def replay_failed_webhooks(*, endpoint: WebhookEndpoint, since: datetime | None = None) -> int:
    """Send again all that were given up, of those made since then; returns how many. Raises NotPossibleNow where the
    endpoint is off; then nothing is written."""
    require_on(endpoint)
    return replay(endpoint=endpoint, since=since)


def require_on(endpoint: WebhookEndpoint) -> None:
    """Raises NotPossibleNow for an endpoint that is told nothing."""
    if endpoint.status != Status.ON:
        raise NotPossibleNow(_("This endpoint is switched off. Switch it on first."))
