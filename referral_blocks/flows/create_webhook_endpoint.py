"""Another system asks to be told what happens on a site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from referral_blocks.core.errors import gathering
from referral_blocks.webhooks.endpoints.kinds import clean_kinds
from referral_blocks.webhooks.endpoints.models import WebhookEndpoint
from referral_blocks.webhooks.endpoints.services import clean_description, clean_url, create_endpoint

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def create_webhook_endpoint(
    *, site_id: int, url: str, kinds: Iterable[str] = (), description: str = "", actor: User | None = None
) -> tuple[WebhookEndpoint, str]:
    """The endpoint, which is told of ``kinds`` or, where there are none, of everything from now on; and its secret,
    which is shown this once.

    Raises InvalidInput with all that is wrong (paths ``url``, ``kinds``, ``description``; codes ``invalid_url``,
    ``unknown_host``, ``private_address`` …) and NotPossibleNow; then nothing is written.
    """
    with gathering() as mistakes:
        with mistakes.check():
            address = clean_url(url)
        with mistakes.check():
            wanted = clean_kinds(kinds)
        with mistakes.check():
            text = clean_description(description)
    return create_endpoint(site_id=site_id, url=address, kinds=wanted, description=text, actor=actor)
