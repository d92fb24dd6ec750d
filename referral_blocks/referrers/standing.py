"""Keeps a referrer's standing: one row that every change adds to, in the change's own transaction."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from .models import Referrer, ReferrerStanding

FIELDS = {"visits", "friends", "qualified", "numbered", "pending_minor", "earned_minor"}


def add_to_standing(*, referrer_id: int, **changes: int) -> None:
    """Add to counts, such as ``friends=1`` or ``pending_minor=-500``; the row is made on first need."""
    if unknown := set(changes) - FIELDS:
        raise TypeError(f"A standing has no {', '.join(sorted(unknown))}")
    steps = {name: F(name) + step for name, step in changes.items() if step}
    if not steps:
        return
    if not ReferrerStanding.objects.filter(referrer_id=referrer_id).update(**steps):
        ReferrerStanding.objects.get_or_create(referrer_id=referrer_id)
        ReferrerStanding.objects.filter(referrer_id=referrer_id).update(**steps)


def lock_standing(*, referrer: Referrer) -> ReferrerStanding:
    """The row, locked: whoever holds it decides alone about the referrer's numbers and limits. Transactions only."""
    ReferrerStanding.objects.get_or_create(referrer_id=referrer.pk)
    return ReferrerStanding.objects.select_for_update().get(referrer_id=referrer.pk)


def count_visits_until(*, row: ReferrerStanding, more: int, until: datetime) -> bool:
    """Add the visits since ``row.visits_until`` and move it on to ``until``, both or neither; False when somebody else
    has moved it since ``row`` was read."""
    unmoved = ReferrerStanding.objects.filter(pk=row.pk, visits_until=row.visits_until)
    return bool(unmoved.update(visits=F("visits") + more, visits_until=until))


def set_standing(*, referrer_id: int, **counts: int) -> None:
    """Write counts anew, such as ``friends=3``; the caller holds the lock and has counted."""
    if unknown := set(counts) - FIELDS:
        raise TypeError(f"A standing has no {', '.join(sorted(unknown))}")
    ReferrerStanding.objects.filter(referrer_id=referrer_id).update(**counts)
