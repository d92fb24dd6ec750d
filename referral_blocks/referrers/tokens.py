"""Bearer tokens of apps: a short access token, and a refresh token that works once.

Both are bound to what they are for: the API (their purpose is in the signature), one site and one programme. The cookie
of the site's own pages is another thing and is never accepted as a bearer token. RFC 9700 §4.14 is the source of
rotation and of what happens to a stolen refresh token.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.conf import get_conf
from referral_blocks.core.tokens import make_token, read_token

from .models import AppSession, Referrer
from .session import Session

ACCESS = "graphql-access"
REFRESH = "graphql-refresh"


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What an app keeps. ``expires_at`` is the access token's end, ``refresh_until`` the end of the whole sign-in."""

    access: str
    expires_at: datetime
    refresh: str
    refresh_until: datetime


@sensitive_variables()
def open_app_session(*, referrer: Referrer) -> Tokens:
    """Sign an app in, for SIGN_IN_SECONDS. Only for somebody who has just opened a link from their mailbox."""
    secret = secrets.token_urlsafe(32)
    until = timezone.now() + timedelta(seconds=get_conf().SIGN_IN_SECONDS)
    session = AppSession.objects.create(referrer=referrer, token_hash=_hash(secret), expires_at=until)
    return _tokens(session, secret)


@sensitive_variables()
def rotate_refresh_token(*, token: str, site_id: int) -> tuple[Referrer, Tokens] | None:
    """New tokens for the newest refresh token, which then no longer works; None for any other.

    One that was used before is in two hands, and nobody knows which is the thief's: the whole sign-in ends there.
    """
    if (found := _find(token, site_id)) is None:
        return None
    session, generation, old = found
    secret = secrets.token_urlsafe(32)
    rotated = _live(Q(pk=session.pk, generation=generation, token_hash=_hash(old))).update(
        generation=F("generation") + 1, token_hash=_hash(secret), refreshed_at=timezone.now()
    )
    if not rotated:
        _revoke(Q(pk=session.pk))
        return None
    session.generation = generation + 1
    return session.referrer, _tokens(session, secret)


@sensitive_variables()
def revoke_refresh_token(*, token: str, site_id: int, everywhere: bool) -> bool:
    """End the sign-in that the token belongs to, even if it was used before; ``everywhere``: every app's sign-in of
    this referrer, for which the newest token is asked. False when nothing was to end."""
    if (found := _find(token, site_id)) is None:
        return False
    session, generation, secret = found
    which = Q(pk=session.pk)
    if everywhere and _live(Q(pk=session.pk, generation=generation, token_hash=_hash(secret))).exists():
        which = Q(referrer_id=session.referrer_id)
    return bool(_revoke(which))


@sensitive_variables("token")
def revoke_access_token(*, token: str) -> bool:
    """End the sign-in that a genuine access token belongs to; False when nothing was to end."""
    payload = _read_access(token)
    return payload is not None and bool(_revoke(Q(public_id=payload[0])))


def revoke_app_sessions(*, person_id: int) -> int:
    """Sign every app of this person out; returns how many."""
    return _revoke(Q(referrer__person_id=person_id))


def access_referrer_id(token: str) -> str:
    """Whose sign-in a genuine access token belongs to, without a look at the database; empty for any other text."""
    payload = _read_access(token)
    return payload[3] if payload else ""


def read_access_token(token: str, *, site_id: int) -> Session | None:
    """The verified session of an access token; None when it is forged, too old, for another site or revoked."""
    payload = _read_access(token)
    if payload is None or payload[1] != site_id:
        return None
    mine = _live(Q(public_id=payload[0], referrer__person__erased_at=None))
    session = mine.select_related("referrer__person", "referrer__program__site").first()
    if session is None:
        return None
    # As the token says, and as it is now: a programme may have moved to another site meanwhile.
    program = session.referrer.program
    if program.site_id != site_id or program.public_id.hex != payload[2]:
        return None
    return Session(session.referrer, verified=True)


def forget_app_sessions(*, limit: int) -> int:
    """Delete sign-ins that are over; returns how many."""
    over = AppSession.objects.filter(expires_at__lt=timezone.now()).order_by("pk").values("pk")[:limit]
    return AppSession.objects.filter(pk__in=list(over.values_list("pk", flat=True))).delete()[0]


def _tokens(session: AppSession, secret: str) -> Tokens:
    conf = get_conf()
    program = session.referrer.program
    family = session.public_id.hex
    ends = min(timezone.now() + timedelta(seconds=conf.API_ACCESS_SECONDS), session.expires_at)
    return Tokens(
        access=make_token(ACCESS, [family, program.site_id, program.public_id.hex, session.referrer.public_id.hex]),
        expires_at=ends,
        refresh=make_token(REFRESH, [family, program.site_id, session.generation, secret]),
        refresh_until=session.expires_at,
    )


def _read_access(token: str) -> tuple[str, int, str, str] | None:
    """The sign-in, site, programme and referrer that a genuine token names."""
    payload = read_token(ACCESS, token, max_age=get_conf().API_ACCESS_SECONDS)
    if not isinstance(payload, list) or len(payload) != 4:
        return None
    return payload[0], payload[1], payload[2], payload[3]


@sensitive_variables()
def _find(token: str, site_id: int) -> tuple[AppSession, int, str] | None:
    """The sign-in, generation and secret of a refresh token that this site has made, used or not."""
    payload = read_token(REFRESH, token, max_age=get_conf().SIGN_IN_SECONDS)
    if not isinstance(payload, list) or len(payload) != 4 or payload[1] != site_id:
        return None
    rows = AppSession.objects.select_related("referrer__person", "referrer__program__site")
    # An erasure ends every sign-in; one that begins at the same moment must not outlive it.
    rows = rows.filter(referrer__program__site_id=site_id, referrer__person__erased_at=None)
    session = rows.filter(public_id=uuid.UUID(hex=payload[0])).first()
    return (session, int(payload[2]), str(payload[3])) if session else None


def _live(which: Q) -> QuerySet[AppSession]:
    return AppSession.objects.filter(which, revoked_at=None, expires_at__gt=timezone.now())


def _revoke(which: Q) -> int:
    return AppSession.objects.filter(which, revoked_at=None).update(revoked_at=timezone.now())


def _hash(secret: str) -> str:
    # 256 random bits: a fast hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
