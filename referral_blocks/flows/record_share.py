"""A referrer passes their link on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.links.channels import CHANNELS, Channel
from referral_blocks.links.models import ReferralLink, ShareEvent
from referral_blocks.links.services import add_share
from referral_blocks.referrers.models import Referrer


@dataclass(frozen=True, slots=True)
class Shared:
    """``event`` is None for a press that does not count: nobody's, somebody else's, a robot's, or of a closed
    programme. Whoever pressed is led on all the same."""

    channel: Channel
    event: ShareEvent | None


def record_share(*, link: ReferralLink, channel: str, referrer: Referrer | None, ignored: bool = False) -> Shared:
    """Write one ShareEvent where ``referrer``, who is signed in to this browser, passes on a link of their own.

    Raises InvalidInput with path ``channel``; then nothing is written.
    """
    known = CHANNELS.get(channel)
    if known is None:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(CHANNELS)}
        raise InvalidInput(text, code="unknown_choice", path=("channel",))
    program = link.referrer.program
    counts = referrer is not None and referrer.pk == link.referrer_id and program.is_open and not ignored
    return Shared(known, add_share(link=link, program_id=program.pk, channel=known.slug) if counts else None)
