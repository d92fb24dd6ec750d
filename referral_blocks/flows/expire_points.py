"""Points past their date are posted as expired; late or twice, the result is the same."""

from __future__ import annotations

from django.db import transaction

from referral_blocks.ledger.models import PointsLot
from referral_blocks.ledger.points import due_lot_ids, expire_lot

from .announce_points import announce_points
from .each import for_each

BATCH = 500


def expire_points() -> int:
    """Each lot in a transaction of its own; returns how many expired now."""
    return sum(for_each(due_lot_ids(limit=BATCH), _expire))


def _expire(pk: int) -> bool:
    with transaction.atomic():
        if not expire_lot(pk=pk):
            return False
        lot = PointsLot.objects.get(pk=pk)
        announce_points(program_id=lot.program_id, person_id=lot.person_id)
    return True
