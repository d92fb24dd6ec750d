"""Writes links and visits."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from referral_blocks.core.codes import new_code
from referral_blocks.referrers.models import Referrer

from .models import IgnoredVisit, ReferralLink, Visit

TRIES = 5  # five collisions in a row mean a broken random source, not bad luck


def primary_link(*, referrer: Referrer) -> ReferralLink:
    """The referrer's primary link, made with a random code when there is none; safe for simultaneous callers."""
    for attempt in range(TRIES):
        if link := ReferralLink.objects.filter(referrer=referrer, is_primary=True).first():
            return link
        try:
            with transaction.atomic():
                return ReferralLink.objects.create(referrer=referrer, code=new_code())
        except IntegrityError:
            # Either the code is taken or another caller was first: look again, then draw again.
            if attempt == TRIES - 1:
                raise
    raise RuntimeError("no free code")


def add_visit(*, link: ReferralLink, program_id: int, ip_hash: str) -> Visit:
    """One human visit: one INSERT."""
    return Visit.objects.create(link=link, program_id=program_id, ip_hash=ip_hash)


def add_ignored_visit(*, link: ReferralLink, reason: str) -> None:
    """A request that does not count, kept apart."""
    IgnoredVisit.objects.create(link=link, reason=reason)
