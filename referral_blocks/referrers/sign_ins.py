"""The rows that sign-ins of browsers and apps stand on: one that is revoked signs nobody in any more, at once."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from referral_blocks.core.conf import get_conf

from .models import Referrer, SignIn, SignInKind

MOST = 50  # sign-ins of one referrer: more browsers and apps than anybody has


def open_sign_in(*, referrer: Referrer, kind: SignInKind, token_hash: str = "") -> SignIn:
    """A sign-in for SIGN_IN_SECONDS. Only for somebody who has just opened a link from their mailbox.

    Of one referrer there are at most MOST: whoever opens a link again and again, from many addresses, fills no table.
    Those that are over go first, then the oldest.
    """
    until = timezone.now() + timedelta(seconds=get_conf().SIGN_IN_SECONDS)
    opened = SignIn.objects.create(referrer=referrer, kind=kind, token_hash=token_hash, expires_at=until)
    kept = SignIn.objects.filter(referrer=referrer).order_by(F("revoked_at").desc(nulls_first=True), "-pk")
    if too_many := list(kept.values_list("pk", flat=True)[MOST : MOST + 100]):
        SignIn.objects.filter(pk__in=too_many).delete()
    return opened


def signed_in(*, public_id: str, kind: SignInKind) -> Referrer | None:
    """Who is signed in by this row, with person, programme and site in the same query; None when it is over."""
    # An erasure ends every sign-in; one that begins at the same moment must not outlive it.
    mine = live(Q(public_id=public_id, kind=kind, referrer__person__erased_at=None))
    found = mine.select_related("referrer__person", "referrer__program__site").first()
    return found.referrer if found else None


def live(which: Q) -> QuerySet[SignIn]:
    return SignIn.objects.filter(which, revoked_at=None, expires_at__gt=timezone.now())


def revoke(which: Q) -> int:
    """End these sign-ins; returns how many were not over."""
    return SignIn.objects.filter(which, revoked_at=None).update(revoked_at=timezone.now())


def revoke_with_all_others(which: Q, *, site_id: int) -> int:
    """End these sign-ins and, for each of them that still holds here, whatever the same person is signed in to on this
    site: who has opened one of its links may sign every browser and app out."""
    here = live(which).filter(referrer__program__site_id=site_id)
    people = list(here.values_list("referrer__person_id", flat=True))
    return revoke(which | Q(referrer__person_id__in=people, referrer__program__site_id=site_id))


def revoke_sign_ins(*, person_id: int) -> int:
    """Sign every browser and app of this person out; returns how many."""
    return revoke(Q(referrer__person_id=person_id))


def forget_sign_ins(*, limit: int) -> int:
    """Delete sign-ins that are over; returns how many."""
    over = SignIn.objects.filter(expires_at__lt=timezone.now()).order_by("pk").values("pk")[:limit]
    return SignIn.objects.filter(pk__in=list(over.values_list("pk", flat=True))).delete()[0]
