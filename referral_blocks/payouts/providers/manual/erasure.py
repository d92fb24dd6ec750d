"""Takes a person out of the list of what staff hand over."""

from __future__ import annotations

from .models import Handover


def forget_recipient(*, person_id: int) -> None:
    """Blank what staff wrote when they handed it over; what it was and when stays."""
    Handover.objects.filter(payout__person_id=person_id).update(note="", proof="")
