"""Makes, checks and revokes API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from .models import ApiKey, Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PREFIX = "rb_"


def _hash(key: str) -> str:
    # The key has 256 random bits, so a fast hash is enough: there is nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()


def create_api_key(
    *, site_id: int, name: str, scopes: Iterable[str] = (Scope.SALES_WRITE,), created_by: User | None = None
) -> tuple[ApiKey, str]:
    """A new key and its text, which is nowhere kept."""
    text = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        site_id=site_id,
        name=name,
        prefix=text[:8],
        key_hash=_hash(text),
        scopes=[str(s) for s in scopes],
        created_by=created_by,
    )
    return key, text


def check_api_key(*, text: str) -> ApiKey | None:
    """The live key with this text, or None. The look-up is by hash, so its time says nothing of the key."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    key = ApiKey.objects.filter(key_hash=_hash(text), revoked_at=None).first()
    if key is None:
        return None
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def revoke_api_key(*, key: ApiKey) -> None:
    """From now on the key is refused; the first time counts."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
