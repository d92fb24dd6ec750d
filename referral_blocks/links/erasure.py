"""Takes a person out of their links: codes that they chose, greetings, and hashes of network addresses."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone

from referral_blocks.core.codes import new_code

from .models import ReferralLink, Visit

CHUNK = 500  # rows an UPDATE: nobody waits long for its locks


def retire_links(*, person_id: int) -> None:
    """Every link gets another code, greets neutrally and has expired; what it counted stays. Again, it is the same."""
    now = timezone.now()
    links = list(ReferralLink.objects.filter(referrer__person_id=person_id))
    for link in links:
        link.code, link.greeting_name = new_code(), ""
        link.expires_at = min(filter(None, (link.expires_at, now)))
    ReferralLink.objects.bulk_update(links, ["code", "greeting_name", "expires_at"], batch_size=CHUNK)


def forget_visitors(*, person_id: int, own: Iterable[tuple[int, str]]) -> None:
    """Blank the hashes of network addresses of visits through the person's links, and of the visits that they came
    from themselves: ``own`` holds (link id, hash)."""
    theirs = Visit.objects.filter(link__referrer__person_id=person_id, ip_hash__gt="")
    while ids := list(theirs.values_list("pk", flat=True)[:CHUNK]):
        Visit.objects.filter(pk__in=ids).update(ip_hash="")
    mine = Q(pk__in=[])
    for link_id, ip_hash in own:
        mine |= Q(link_id=link_id, ip_hash=ip_hash)
    Visit.objects.filter(mine).update(ip_hash="")
