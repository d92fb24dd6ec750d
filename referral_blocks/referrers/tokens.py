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

from django.db.models import F, Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.conf import get_conf
from referral_blocks.core.tokens import make_token, read_token

from .models import Referrer, SignIn, SignInKind
from .session import Session
from .sign_ins import live, open_sign_in, revoke, revoke_with_all_others, signed_in

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
    """Sign an app in. Only for somebody who has just opened a link from their mailbox."""
    secret = secrets.token_urlsafe(32)
    return _tokens(open_sign_in(referrer=referrer, kind=SignInKind.APP, token_hash=_hash(secret)), secret)


@sensitive_variables()
def rotate_refresh_token(*, token: str, site_id: int) -> tuple[Referrer, Tokens] | None:
    """New tokens for the newest refresh token, which then no longer works; None for any other.

    One that was used before is in two hands, and nobody knows which is the thief's: the whole sign-in ends there.
    """
    if (found := _find(token, site_id)) is None:
        return None
    session, generation, old = found
    secret = secrets.token_urlsafe(32)
    rotated = live(Q(pk=session.pk, generation=generation, token_hash=_hash(old))).update(
        generation=F("generation") + 1, token_hash=_hash(secret), refreshed_at=timezone.now()
    )
    if not rotated:
        revoke(Q(pk=session.pk))
        return None
    session.generation = generation + 1
    return session.referrer, _tokens(session, secret)


@sensitive_variables()
def revoke_refresh_token(*, token: str, site_id: int, everywhere: bool) -> bool:
    """End the sign-in that the token belongs to, even if it was used before; ``everywhere``: all of its person's on the
    site, for which the newest token is asked. False when nothing was to end."""
    if (found := _find(token, site_id)) is None:
        return False
    session, generation, secret = found
    which = Q(pk=session.pk)
    if everywhere and live(Q(pk=session.pk, generation=generation, token_hash=_hash(secret))).exists():
        return bool(revoke_with_all_others(which, site_id=site_id))
    return bool(revoke(which))


@sensitive_variables("token")
def revoke_access_token(*, token: str, site_id: int, everywhere: bool) -> bool:
    """End the sign-in that a genuine access token belongs to; ``everywhere``: all of its person's on the site, while
    the token still holds there. False when nothing was to end."""
    if (payload := _read_access(token)) is None:
        return False
    which = Q(public_id=payload[0], kind=SignInKind.APP)
    if everywhere and payload[1] == site_id:
        return bool(revoke_with_all_others(which, site_id=site_id))
    return bool(revoke(which))


def access_referrer_id(token: str) -> str:
    """Whose sign-in a genuine access token belongs to, without a look at the database; empty for any other text."""
    payload = _read_access(token)
    return payload[3] if payload else ""


def read_access_token(token: str, *, site_id: int) -> Session | None:
    """The verified session of an access token; None when it is forged, too old, for another site or revoked."""
    payload = _read_access(token)
    if payload is None or payload[1] != site_id:
        return None
    referrer = signed_in(public_id=payload[0], kind=SignInKind.APP)
    if referrer is None:
        return None
    # As the token says, and as it is now: a programme may have moved to another site meanwhile.
    program = referrer.program
    if program.site_id != site_id or program.public_id.hex != payload[2]:
        return None
    return Session(referrer, verified=True)


def _tokens(session: SignIn, secret: str) -> Tokens:
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
def _find(token: str, site_id: int) -> tuple[SignIn, int, str] | None:
    """The sign-in, generation and secret of a refresh token that this site has made, used or not."""
    payload = read_token(REFRESH, token, max_age=get_conf().SIGN_IN_SECONDS)
    if not isinstance(payload, list) or len(payload) != 4 or payload[1] != site_id:
        return None
    rows = SignIn.objects.select_related("referrer__person", "referrer__program__site")
    # An erasure ends every sign-in; one that begins at the same moment must not outlive it.
    rows = rows.filter(kind=SignInKind.APP, referrer__program__site_id=site_id, referrer__person__erased_at=None)
    session = rows.filter(public_id=uuid.UUID(hex=payload[0])).first()
    return (session, int(payload[2]), str(payload[3])) if session else None


def _hash(secret: str) -> str:
    # 256 random bits: a fast hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
