"""Rolls visits up into the standing of their referrers. A standing is right without it, but slower to read the more
visits wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from referral_blocks.activity.kinds import Kind
from referral_blocks.analytics.standing import BEFORE_ALL, count_everything, referrers_with_new_visits
from referral_blocks.core.models import Heartbeat
from referral_blocks.links.models import Visit
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.standing import count_visits_until, lock_standing, set_standing

from .announce import announce

NAME = "visits_counted"  # the moment up to which every referrer's visits are rolled up
# A visit bears its server's time and is written a little later: what is this young may have company still to come.
SETTLED = timedelta(minutes=2)
BATCH = 1_000


def count_visits() -> int:
    """Roll up what has settled; returns how many visits. Late, twice or broken off, every visit counts once: a row's
    count and the moment up to which it counts move together."""
    mark = Heartbeat.objects.filter(name=NAME).first()
    since, until = (mark.beat_at if mark else BEFORE_ALL), timezone.now() - SETTLED
    counted = 0
    while ids := referrers_with_new_visits(since=since, until=until, limit=BATCH):
        counted += sum(_count(pk, until) for pk in ids)
    if until > since:
        Heartbeat.objects.update_or_create(name=NAME, defaults={"beat_at": until})
    return counted


def _count(referrer_id: int, until: datetime) -> int:
    with transaction.atomic():
        row = lock_standing(referrer=Referrer(pk=referrer_id))
        since = row.visits_until or BEFORE_ALL
        if until <= since:
            return 0
        more = Visit.objects.filter(link__referrer=referrer_id, created_at__gt=since, created_at__lte=until).count()
        if not count_visits_until(row=row, more=more, until=until):
            return 0
        if more:
            referrer = Referrer.objects.select_related("program").get(pk=referrer_id)
            announce(Kind.VISITS_COUNTED, referrer, program=referrer.program, referrer_id=referrer_id)
        return more


def recount_standing(*, referrer: Referrer) -> dict[str, int]:
    """Write the standing anew from the history, for repair; returns the counts."""
    with transaction.atomic():
        lock_standing(referrer=referrer)
        counts = count_everything(referrer=referrer)
        set_standing(referrer_id=referrer.pk, **counts)
    return counts
