"""Writes links and visits."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from referral_blocks.core.codes import new_code
from referral_blocks.referrers.models import Referrer

from .models import IgnoredVisit, ReferralLink, Visit

MOST_LINKS = 20  # a referrer; more come only from somebody who plays with the form
TRIES = 5  # five collisions in a row mean a broken random source, not bad luck


def primary_link(*, referrer: Referrer, greeting_name: str = "") -> ReferralLink:
    """The referrer's primary link, made with a random code when there is none; safe for simultaneous callers."""
    for attempt in range(TRIES):
        if link := ReferralLink.objects.filter(referrer=referrer, is_primary=True).first():
            return link
        try:
            with transaction.atomic():
                return ReferralLink.objects.create(referrer=referrer, code=new_code(), greeting_name=greeting_name)
        except IntegrityError:
            # Either the code is taken or another caller was first: look again, then draw again.
            if attempt == TRIES - 1:
                raise
    raise RuntimeError("no free code")


def link_for_join(*, referrer: Referrer, greeting_name: str) -> ReferralLink:
    """The link to show to somebody who has just typed the referrer's address, known before or not.

    Whoever it is reads their own words in its greeting: a link with another name is another link, which credits the
    same referrer. The links of one whose mailbox is verified are not shown to strangers. In the caller's transaction.
    """
    Referrer.objects.select_for_update().get(pk=referrer.pk)
    primary = primary_link(referrer=referrer, greeting_name=greeting_name)
    if referrer.person.email_verified_at is None and primary.greeting_name == greeting_name:
        return primary
    others = ReferralLink.objects.filter(referrer=referrer, is_primary=False, expires_at=None).order_by("pk")
    same = others.filter(greeting_name=greeting_name).first()
    if same is not None:
        return same
    if others.count() >= MOST_LINKS:
        return others.last() or primary
    return ReferralLink.objects.create(
        referrer=referrer, code=new_code(), greeting_name=greeting_name, is_primary=False
    )


def add_visit(*, link: ReferralLink, program_id: int, ip_hash: str) -> Visit:
    """One human visit: one INSERT."""
    return Visit.objects.create(link=link, program_id=program_id, ip_hash=ip_hash)


def add_ignored_visit(*, link: ReferralLink, reason: str) -> None:
    """A request that does not count, kept apart."""
    IgnoredVisit.objects.create(link=link, reason=reason)
