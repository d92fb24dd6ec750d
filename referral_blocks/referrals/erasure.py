"""Takes a person out of referrals and claims: their words as a friend, and what was written about them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Q, QuerySet

from referral_blocks.referrers.models import Referrer

from .models import ClaimChange, Referral, ReferralChange, ReferralClaim


def touching(*, person_id: int) -> QuerySet[Referral]:
    """Referrals of the person, on either side."""
    return Referral.objects.filter(Q(friend_id=person_id) | Q(referrer__person_id=person_id)).order_by()


def own_visits(*, person_id: int) -> list[tuple[int, str]]:
    """(link id, address hash) of the visits that the person came from as a friend."""
    mine = Referral.objects.filter(friend_id=person_id, ip_hash__gt="", link__isnull=False)
    return [(link, ip_hash) for link, ip_hash in mine.values_list("link_id", "ip_hash") if link is not None]


def forget_friend(*, person_id: int) -> None:
    """Blank what the person wrote as a friend, and staff's notes on referrals of theirs, on either side."""
    Referral.objects.filter(friend_id=person_id).update(friend_name="", answers=[], ip_hash="")
    notes = ReferralChange.objects.filter(subject__in=touching(person_id=person_id).values("pk"))
    notes.exclude(note="").update(note="")


def forget_claims(*, person_id: int, name: str, contacts: Sequence[str]) -> None:
    """Blank the person's own claims, and their name where another friend has typed it: in claims that were confirmed
    for them, in those of their programmes that say exactly ``name``, and in any that say one of ``contacts``."""
    mine = ReferralClaim.objects.filter(friend_id=person_id)
    mine.update(typed_name="", friend_name="", answers=[])
    for_them = Q(friend__referrals__referrer__person_id=person_id, friend__referrals__program=F("program"))
    told = ReferralClaim.objects.filter(pk__in=ReferralClaim.objects.filter(for_them).values("pk"))
    ClaimChange.objects.filter(Q(subject__in=mine.values("pk")) | Q(subject__in=told.values("pk"))).update(note="")
    told.update(typed_name="")
    if name:
        theirs = Referrer.objects.filter(person_id=person_id).values("program_id")
        # Somebody else's friend may mean a namesake: elsewhere it says nothing of this person.
        ReferralClaim.objects.filter(program__in=theirs, typed_name__iexact=name).update(typed_name="")
    for contact in filter(None, contacts):
        ReferralClaim.objects.filter(typed_name__iexact=contact).update(typed_name="")
