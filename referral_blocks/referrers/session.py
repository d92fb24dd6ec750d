"""Who a returning referrer is: a signed token, kept in a cookie or sent as a bearer token."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from referral_blocks.core.conf import get_conf
from referral_blocks.core.tokens import make_token, read_token
from referral_blocks.programs.models import Program

from .models import Referrer

SIGN_IN = "sign-in"  # in a mail
SESSION = "session"
COOKIE_PREFIX = "rb_me_"


@dataclass(frozen=True, slots=True)
class Session:
    """``verified`` is false until a link from the referrer's own mailbox was opened; until then only the link is shown,
    because anybody may type anybody's address into the join form."""

    referrer: Referrer
    verified: bool
    link_id: int | None = None  # the link that was shown when joining; a verified session is shown the primary one


def session_cookie(program: Program) -> str:
    """One cookie a programme: a person may be a referrer in several."""
    return f"{COOKIE_PREFIX}{program.public_id.hex[:12]}"


def make_sign_in_token(referrer: Referrer) -> str:
    """For a mail to the referrer's own address, nowhere else."""
    return make_token(SIGN_IN, referrer.public_id.hex)


def read_sign_in_token(token: str) -> Referrer | None:
    """The referrer whom the mail was for, or None."""
    payload = read_token(SIGN_IN, token, max_age=get_conf().SIGN_IN_LINK_SECONDS)
    return _referrer(payload)


def make_session(referrer: Referrer, *, verified: bool, link_id: int | None = None) -> str:
    """A token that stands for the referrer for SIGN_IN_SECONDS."""
    return make_token(SESSION, [referrer.public_id.hex, verified, link_id])


def read_session(token: str) -> Session | None:
    """The session, or None for a token that is forged, too old or of somebody who is gone."""
    payload = read_token(SESSION, token, max_age=get_conf().SIGN_IN_SECONDS)
    if not isinstance(payload, list) or len(payload) != 3:
        return None
    referrer = _referrer(payload[0])
    return Session(referrer, bool(payload[1]), payload[2]) if referrer else None


def _referrer(public_id: object) -> Referrer | None:
    try:
        key = uuid.UUID(hex=str(public_id))
    except ValueError:
        return None
    known = Referrer.objects.select_related("person", "program__site")
    return known.filter(public_id=key, person__erased_at=None).first()
