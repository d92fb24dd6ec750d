"""An endpoint gets a new secret; for a while messages are signed with both."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from referral_blocks.webhooks.endpoints.models import WebhookEndpoint
from referral_blocks.webhooks.endpoints.services import OVERLAP, rotate_secret

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def rotate_webhook_secret(
    *, endpoint: WebhookEndpoint, overlap: timedelta = OVERLAP, actor: User | None = None
) -> str:  # fmt: skip
    """The new secret, shown this once. The one before it signs as well for ``overlap``, from 0 to 30 days; one before
    that no longer. Raises InvalidInput (``out_of_range``, path ``overlap``); then nothing is written."""
    return rotate_secret(endpoint=endpoint, overlap=overlap, actor=actor)
