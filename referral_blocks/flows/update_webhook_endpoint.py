"""An endpoint is changed, switched off, or on again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks.core.errors import gathering
from referral_blocks.webhooks.endpoints.kinds import clean_kinds
from referral_blocks.webhooks.endpoints.models import Status, WebhookEndpoint
from referral_blocks.webhooks.endpoints.services import clean_description, clean_url, update_endpoint
from referral_blocks.webhooks.endpoints.waking import wake_on_commit

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def update_webhook_endpoint(
    *,
    endpoint: WebhookEndpoint,
    url: str | None = None,
    kinds: Iterable[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
    actor: User | None = None,
) -> bool:
    """Change what is not None; False when all of it was so before. What still waits is sent, to the new address, once
    it is on. Raises InvalidInput as create_webhook_endpoint; then nothing is written."""
    with gathering() as mistakes:
        with mistakes.check():
            # An address that stays is not looked up again: an endpoint whose host is down can still be switched off.
            address = clean_url(url) if url is not None and url.strip() != endpoint.url else None
        with mistakes.check():
            wanted = None if kinds is None else clean_kinds(kinds)
        with mistakes.check():
            text = None if description is None else clean_description(description)
    with transaction.atomic():
        changed = update_endpoint(
            endpoint=endpoint, url=address, kinds=wanted, description=text, enabled=enabled, actor=actor
        )
        if changed and endpoint.status == Status.ON:
            wake_on_commit(endpoint.pk)
    return changed
