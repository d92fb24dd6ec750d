"""Who a returning referrer is: a signed token in a cookie of the site's own pages.

Once a link from their mailbox was opened it names a sign-in's row, and holds until that is revoked. Until then it
stands for itself: it shows a link to share and no more, which whoever types the address gets anyway. Nothing would be
safer if it could be taken back, and a form that anybody may send makes no rows.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from referral_blocks.core.conf import get_conf
from referral_blocks.core.tokens import make_token, read_token
from referral_blocks.programs.models import Program

from .models import Referrer, SignInKind
from .sign_ins import open_sign_in, revoke, revoke_with_all_others, signed_in

SIGN_IN = "sign-in"  # in a mail
BROWSER = "browser"  # in a cookie, verified
JOINED = "joined"  # in a cookie, not verified
COOKIE_PREFIX = "rb_me_"
COOKIE_NAME = re.compile(COOKIE_PREFIX + "[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Session:
    """``verified`` is false until a link from the referrer's own mailbox was opened; until then only the link is shown,
    because anybody may type anybody's address into the join form."""

    referrer: Referrer
    verified: bool
    code: str = ""  # of the link that was shown when joining; a verified session is shown the primary one


def session_cookie(program: Program) -> str:
    """One cookie a programme: a person may be a referrer in several."""
    return f"{COOKIE_PREFIX}{program.public_id.hex[:12]}"


def is_session_cookie(name: str) -> bool:
    """Whether a cookie of this name may be one that session_cookie names."""
    return COOKIE_NAME.fullmatch(name) is not None


def make_sign_in_token(referrer: Referrer) -> str:
    """For a mail to the referrer's own address, nowhere else."""
    return make_token(SIGN_IN, referrer.public_id.hex)


def read_sign_in_token(token: str) -> Referrer | None:
    """The referrer whom the mail was for, or None."""
    payload = read_token(SIGN_IN, token, max_age=get_conf().SIGN_IN_LINK_SECONDS)
    return _referrer(payload)


def make_session(referrer: Referrer, *, verified: bool, code: str = "") -> str:
    """A cookie's value, for SIGN_IN_SECONDS; a verified one opens a sign-in that can be revoked. Whoever typed the
    address can read the other one: it holds the ``code`` of the link that they were shown, and no number of a row."""
    if verified:
        return make_token(BROWSER, open_sign_in(referrer=referrer, kind=SignInKind.BROWSER).public_id.hex)
    return make_token(JOINED, [referrer.public_id.hex, code])


def read_session(token: str) -> Session | None:
    """The session, or None for a token that is forged, too old, revoked or of somebody who is gone; one query."""
    if sign_in := _sign_in(token):
        referrer = signed_in(public_id=sign_in, kind=SignInKind.BROWSER)
        return Session(referrer, verified=True) if referrer else None
    payload = read_token(JOINED, token, max_age=get_conf().SIGN_IN_SECONDS)
    if payload is None or (referrer := _referrer(payload[0])) is None:
        return None
    return Session(referrer, verified=False, code=payload[1])


def revoke_sessions(*, tokens: Iterable[str]) -> int:
    """End the sign-ins that these cookies name; returns how many were not over."""
    which = _sign_ins(tokens)
    return revoke(which) if which else 0


def revoke_sessions_everywhere(*, tokens: Iterable[str], site_id: int) -> int:
    """End what these cookies name and, where one still holds, whatever its person is signed in to on this site."""
    which = _sign_ins(tokens)
    return revoke_with_all_others(which, site_id=site_id) if which else 0


def _sign_ins(tokens: Iterable[str]) -> Q | None:
    named = [sign_in for token in tokens if (sign_in := _sign_in(token))]
    return Q(public_id__in=named, kind=SignInKind.BROWSER) if named else None


def _sign_in(token: str) -> str:
    """The sign-in that a genuine verified cookie names; empty for any other text."""
    return str(read_token(BROWSER, token, max_age=get_conf().SIGN_IN_SECONDS) or "")


def _referrer(public_id: object) -> Referrer | None:
    try:
        key = uuid.UUID(hex=str(public_id))
    except ValueError:
        return None
    known = Referrer.objects.select_related("person", "program__site")
    return known.filter(public_id=key, person__erased_at=None).first()
