"""Makes, checks, rotates and revokes API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import present_agent
from referral_blocks.core.errors import InvalidInput, NotAllowed, NotPossibleNow, gathering
from referral_blocks.core.states import lock
from referral_blocks.core.text import clean_text

from .models import ApiKey, Scope, live

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PREFIX = "rb_"
GRACE = timedelta(days=1)  # how long a rotated key still works, unless said otherwise
MAX_GRACE = timedelta(days=30)


def _hash(key: str) -> str:
    # The key has 256 random bits, so a fast hash is enough: there is nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()


def create_api_key(
    *,
    site_id: int,
    name: str,
    scopes: Iterable[str] = (Scope.SALES_WRITE,),
    expires_at: datetime | None = None,
    created_by: User | None = None,
    by: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is nowhere kept.

    ``by`` is the key that asks for it: the new one may do no more and works no longer than that. Raises InvalidInput
    with all that is wrong (paths ``name``, ``scopes``, ``expiresAt``), else NotAllowed (``scopes``, ``expiresAt``);
    then nothing is written.
    """
    with gathering() as mistakes:
        with mistakes.check():
            name = clean_text(name, max_length=80, path=("name",))
        with mistakes.check():
            wanted = _scopes(scopes)
        with mistakes.check():
            _require_to_come(expires_at)
    if by is not None:
        _require_within(wanted, by)
        expires_at = expires_at or by.expires_at
        if by.expires_at is not None and expires_at is not None and expires_at > by.expires_at:
            raise NotAllowed(_("A key cannot make one that works longer than itself."), path=("expiresAt",))
    return _make(site_id, name, wanted, expires_at, created_by)


def _make(
    site_id: int, name: str, scopes: list[str], expires_at: datetime | None, created_by: User | None
) -> tuple[ApiKey, str]:
    text = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        site_id=site_id,
        name=name,
        prefix=text[:8],
        key_hash=_hash(text),
        scopes=scopes,
        expires_at=expires_at,
        created_by=created_by,
    )
    return key, text


def check_api_key(*, text: str) -> ApiKey | None:
    """The live key with this text, or None. The look-up is by hash, so its time says nothing of the key."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    now = timezone.now()
    key = ApiKey.objects.filter(live(), key_hash=_hash(text)).first()
    if key is None:
        return None
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def rotate_api_key(
    *, key: ApiKey, grace: timedelta = GRACE, created_by: User | None = None, by: ApiKey | None = None
) -> tuple[ApiKey, str]:
    """A new key in the place of ``key``, which works on for ``grace``; also the new one's text, which is nowhere kept.

    The new one has the same name and scopes, and lasts from now as long as the old one did from its beginning. Raises
    InvalidInput (``out_of_range``, path ``grace``), NotAllowed when ``by`` may do less than ``key`` or, being another
    one, works less long, and NotPossibleNow for a key that was rotated before or is dead; then nothing is written.
    """
    if not timedelta() <= grace <= MAX_GRACE:
        raise InvalidInput(_("Let the old key work on for 0 to 30 days."), code="out_of_range", path=("grace",))
    if by is not None:
        _require_within(key.scopes, by)
    with transaction.atomic():
        lock(key)
        if not key.is_live or key.rotated_to_id is not None:
            raise NotPossibleNow(_("This key was revoked, replaced, or has expired."))
        now = timezone.now()
        lasts_until = None if key.expires_at is None else now + (key.expires_at - key.created_at)
        if by is not None and by.pk != key.pk and by.expires_at is not None:
            # The text is told to whoever holds ``by``: it must not be a way to go on when that has expired.
            if key.expires_at is None or key.expires_at > by.expires_at:
                raise NotAllowed(_("A key cannot replace one that works longer than itself."), path=("id",))
            lasts_until = min(lasts_until or by.expires_at, by.expires_at)
        new, text = _make(key.site_id, key.name, key.scopes, lasts_until, created_by)
        key.rotated_to = new
        key.expires_at = min(filter(None, (key.expires_at, now + grace)))
        key.save(update_fields=["rotated_to", "expires_at"])
    return new, text


def revoke_api_key(*, key: ApiKey, actor: User | None = None, by: ApiKey | None = None) -> bool:
    """From now on the key is refused, and says who did it: ``actor`` or, without, a system. The first time counts, and
    later ones say False. Raises NotAllowed when ``by`` may do less than ``key``."""
    if by is not None:
        _require_within(key.scopes, by)
    now = timezone.now()
    standing = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    return bool(standing.update(revoked_at=now, revoked_by=actor, revoked_agent=present_agent()))


def _scopes(given: Iterable[str]) -> list[str]:
    """Each once, in the order of Scope."""
    wanted = {str(scope) for scope in given}
    if wanted.difference(Scope.values):
        raise InvalidInput(_("Choose only from the list."), code="unknown_choice", path=("scopes",))
    return [scope for scope in Scope.values if scope in wanted]


def _require_to_come(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput(_("Choose a moment that is still to come."), code="out_of_range", path=("expiresAt",))


def _require_within(scopes: Iterable[str], by: ApiKey) -> None:
    if not set(scopes).issubset(by.scopes):
        raise NotAllowed(_("A key rules only over keys that may do no more than itself."), path=("scopes",))
