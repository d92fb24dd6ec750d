"""A balance of points has changed, and its owner's page with it."""

from __future__ import annotations

from referral_blocks.activity.kinds import Kind
from referral_blocks.referrers.models import Referrer

from .announce import announce


def announce_points(*, program_id: int, person_id: int) -> None:
    """In the transaction of the change. A friend who is no referrer of the programme has nobody who follows it."""
    found = Referrer.objects.filter(program=program_id, person=person_id).select_related("program").first()
    if found is not None:
        announce(Kind.POINTS_CHANGED, found, program=found.program, referrer_id=found.pk)
