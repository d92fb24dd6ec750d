"""A member of staff, or a system with a key that may, makes an API key."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from referral_blocks.access import services
from referral_blocks.access.models import ApiKey
from referral_blocks.access.rights import may_give
from referral_blocks.core.errors import NotAllowed

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def create_api_key(
    *,
    site_id: int,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
    actor: User | None = None,
    by: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is nowhere kept. ``actor`` hands on only what they may do themselves, and so does
    ``by``, the key that asks. Raises InvalidInput (paths ``name``, ``scopes``, ``expiresAt``) and NotAllowed
    (``scopes``, ``expiresAt``); then nothing is written."""
    if actor is not None and not all(may_give(actor, scope) for scope in scopes):
        raise NotAllowed(
            _("A key would be allowed here what you are not. Ask somebody with its rights."), path=("scopes",)
        )
    return services.create_api_key(
        site_id=site_id, name=name, scopes=scopes, expires_at=expires_at, created_by=actor, by=by
    )
