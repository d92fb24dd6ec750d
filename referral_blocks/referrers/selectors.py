"""Who takes part, as others ask."""

from __future__ import annotations

from .models import Referrer


def referrer_id_of(*, program_id: int, person_id: int) -> int | None:
    """The person as a referrer of the programme; None where they are none."""
    found = Referrer.objects.filter(program=program_id, person=person_id)
    return found.values_list("pk", flat=True).first()
