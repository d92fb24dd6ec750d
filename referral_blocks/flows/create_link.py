"""A referrer chooses a code of their own, or a code gets its last day."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.services import claim_code, set_expiry
from referral_blocks.links.vanity import clean_vanity
from referral_blocks.programs.models import Phase, Program
from referral_blocks.programs.services import on_its_clock
from referral_blocks.referrers.models import Referrer

from .announce import announce


def create_link(*, referrer: Referrer, code: str) -> ReferralLink:
    """Give the referrer this code and show it from now on; the codes before it go on working. The same code again is
    the same link.

    Raises InvalidInput with path ``code`` (codes blank, too_long, too_short, invalid_character, blocked_word, taken)
    and NotPossibleNow for a programme that has ended; then nothing is written.
    """
    require_not_ended(referrer.program)
    with transaction.atomic():
        link, created = claim_code(referrer=referrer, code=clean_vanity(code))
        if created:
            announce(Kind.LINK_CREATED, link, program=referrer.program, referrer_id=referrer.pk)
    return link


def expire_link(*, link: ReferralLink, at: datetime | None) -> None:
    """Let the code stop working at ``at`` (None: never); one without a zone is on the programme's own clock. A referrer
    whose primary code has expired gets a new one when their link is next asked for."""
    set_expiry(link=link, at=on_its_clock(program=link.referrer.program, at=at))


def require_not_ended(program: Program) -> None:
    """Raises NotPossibleNow for a programme that is over."""
    if program.phase == Phase.ENDED:
        raise NotPossibleNow(_("This programme has ended."), code="program_closed")
