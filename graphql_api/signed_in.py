"""Who may act as a referrer: whoever proved that the mailbox is theirs, by opening the sign-in link in it."""

from __future__ import annotations

import binascii

from django.utils.translation import gettext as _
from strawberry.relay.utils import from_base64

from referral_blocks.core import ratelimit
from referral_blocks.referrers.models import Referrer

from .context import Context
from .errors import ErrorCode, refusal
from .permissions import require_verified

RATE = "60/minute"  # a referrer and mutation


def require_referrer(context: Context, program_slug: str | None, *, purpose: str, rate: str = RATE) -> Referrer:
    """The referrer of the verified session, in the programme that is named or the only one, and one try of theirs
    counted. Raises GraphQLError (UNAUTHENTICATED, UNVERIFIED) and TooManyRequests, before anything else is looked at.
    """
    session = context.session(program_slug)
    if session is None:
        raise refusal(ErrorCode.UNAUTHENTICATED, _("Sign in first: ask for a sign-in link."))
    require_verified(session)
    ratelimit.check_rate(purpose, str(session.referrer.pk), limit=rate)
    return session.referrer


def node_key(global_id: str, kind: str) -> str:
    """What stands in a global id of this type; empty for any other text, which then names nothing."""
    try:
        name, key = from_base64(global_id)
    except (ValueError, binascii.Error):
        return ""
    return key if name == kind else ""
