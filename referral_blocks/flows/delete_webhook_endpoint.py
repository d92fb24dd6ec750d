"""An endpoint is removed, with all that was sent to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from referral_blocks.core.agent import present_agent
from referral_blocks.webhooks.endpoints.models import WebhookEndpoint

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)


def delete_webhook_endpoint(*, endpoint: WebhookEndpoint, actor: User | None = None) -> None:
    """From now on nothing is sent there, and nothing is left to send again. Its audit trail goes with it: the log says
    who did it."""
    who = actor.get_username() if actor is not None else present_agent() or "the system"
    logger.info("Webhook endpoint %s of site %s is deleted by %s", endpoint.public_id, endpoint.site_id, who)
    endpoint.delete()
