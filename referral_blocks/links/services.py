"""Writes links and visits."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.codes import code_from, is_random, new_code
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.hashing import keyed_hash
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.standing import lock_standing

from .models import IgnoredVisit, ReferralLink, ShareEvent, Visit

CHUNK = 500  # rows an UPDATE: nobody waits long for its locks
TRIES = 5  # five collisions in a row mean a broken random source, not bad luck


def primary_link(*, referrer: Referrer, greeting_name: str = "") -> ReferralLink:
    """The referrer's primary link, made with a random code when there is none or it has expired; safe for simultaneous
    callers."""
    for attempt in range(TRIES):
        link = ReferralLink.objects.filter(referrer=referrer, is_primary=True).first()
        if link and not link.is_expired:
            return link
        try:
            with transaction.atomic():
                if link:
                    ReferralLink.objects.filter(pk=link.pk).update(is_primary=False)
                    greeting_name = link.greeting_name
                return ReferralLink.objects.create(referrer=referrer, code=new_code(), greeting_name=greeting_name)
        except IntegrityError:
            # Either the code is taken or another caller was first: look again, then draw again.
            if attempt == TRIES - 1:
                raise
    raise RuntimeError("no free code")


def claim_code(*, referrer: Referrer, code: str, primary: bool = True) -> tuple[ReferralLink, bool]:
    """The referrer's link with this (clean) code, and whether it is new; ``primary`` makes it the one that is shown,
    and the codes before it go on working.

    Raises InvalidInput with code ``taken`` and path ``code`` when it is somebody else's: of two who ask at once, one
    gets it, and the database says who.
    """
    with transaction.atomic():
        # One code at a time for one referrer: the primary link is never fought over.
        lock_standing(referrer=referrer)
        if link := ReferralLink.objects.filter(code=code).first():
            if link.referrer_id != referrer.pk:
                raise _taken()
            if primary and not link.is_primary:
                _demote(referrer)
                link.is_primary = True
                link.save(update_fields=["is_primary"])
            return link, False
        if primary:
            _demote(referrer)
        try:
            with transaction.atomic():
                return ReferralLink.objects.create(referrer=referrer, code=code, is_primary=primary), True
        except IntegrityError:
            raise _taken() from None


def set_expiry(*, link: ReferralLink, at: datetime | None) -> None:
    """When the code stops working; None: never."""
    link.expires_at = at
    link.save(update_fields=["expires_at"])


def _demote(referrer: Referrer) -> None:
    ReferralLink.objects.filter(referrer=referrer, is_primary=True).update(is_primary=False)


def _taken() -> InvalidInput:
    return InvalidInput(_("This code is taken. Please choose another one."), code="taken", path=("code",))


def link_for_join(*, referrer: Referrer, greeting_name: str) -> ReferralLink:
    """The link to show to somebody who has just typed the referrer's address, known before or not.

    Whoever it is reads their own words in its greeting: a link with another name is another link, which credits the
    same referrer. The links of one whose mailbox is verified are not shown to strangers, nor is any that the referrer
    has chosen, shown or given up: a code of theirs would tell whose address it is. In the caller's transaction.
    """
    lock_standing(referrer=referrer)
    primary = primary_link(referrer=referrer, greeting_name=greeting_name)
    is_open = referrer.person.email_verified_at is None and is_random(primary.code)
    if is_open and primary.greeting_name == greeting_name:
        return primary
    # Found by its code alone, which only this site can work out: no other link of the referrer's can be it.
    code = code_from(keyed_hash("link-for-join", f"{referrer.public_id.hex} {greeting_name}"))
    link, created = ReferralLink.objects.get_or_create(
        code=code, defaults={"referrer": referrer, "greeting_name": greeting_name, "is_primary": False}
    )
    if link.referrer_id != referrer.pk:  # as likely as that two random codes are one
        return primary
    if not created and link.greeting_name != greeting_name:
        link.greeting_name = greeting_name
        link.save(update_fields=["greeting_name"])
    return link


def add_visit(*, link: ReferralLink, program_id: int, ip_hash: str) -> Visit:
    """One human visit: one INSERT."""
    return Visit.objects.create(link=link, program_id=program_id, ip_hash=ip_hash)


def add_ignored_visit(*, link: ReferralLink, reason: str) -> None:
    """A request that does not count, kept apart."""
    IgnoredVisit.objects.create(link=link, reason=reason)


def add_share(*, link: ReferralLink, program_id: int, channel: str) -> ShareEvent:
    """One press of a share button."""
    return ShareEvent.objects.create(link=link, program_id=program_id, channel=channel)


def set_greeting(*, referrer: Referrer, name: str) -> None:
    """What friends are greeted with through the referrer's primary link; empty: neutrally, through all of their links.

    The other links are not given the name: a stranger who typed the referrer's address may hold one of them.
    """
    links = ReferralLink.objects.filter(referrer=referrer)
    (links.filter(is_primary=True) if name else links).update(greeting_name=name)


def forget_addresses(*, before: datetime, limit: int) -> int:
    """Blank the hashes of network addresses of visits older than ``before``; returns how many, at most ``limit``."""
    old = Visit.objects.filter(created_at__lt=before, ip_hash__gt="").order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[:limit])
    for start in range(0, len(ids), CHUNK):
        Visit.objects.filter(pk__in=ids[start : start + CHUNK]).update(ip_hash="")
    return len(ids)
