"""Points that somebody gives up: posted as expired, or against what the person owes; the ledger keeps balancing."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Sum

from referral_blocks.core.money import POINTS, Money

from .models import Account, PointsLot
from .points import CHUNK, SETTLED
from .selectors import balance_of
from .services import post_once

KIND = "points_given_up"


def points_left(*, person_id: int) -> int:
    """What is left of all lots of the person, in all programmes."""
    return PointsLot.objects.filter(person_id=person_id).aggregate(total=Sum("left"))["total"] or 0


def give_up_points(*, person_id: int) -> int:
    """Empty the person's lots, one or two entries a programme; returns how many points. Again, there are none."""
    total = 0
    programs = PointsLot.objects.filter(person_id=person_id, left__gt=0).order_by("program_id")
    for program_id in list(programs.values_list("program_id", flat=True).distinct()):
        total += _in_program(program_id, person_id)
    return total


def _in_program(program_id: int, person_id: int) -> int:
    with transaction.atomic():
        lots = PointsLot.objects.filter(program_id=program_id, person_id=person_id, left__gt=0)
        # Locked, so that nothing is used between the sum and the end.
        locked = dict(lots.select_for_update(of=("self",)).order_by("pk").values_list("pk", "left"))
        if not locked:
            return 0
        left = sum(locked.values())
        ids = list(locked)
        for start in range(0, len(ids), CHUNK):
            PointsLot.objects.filter(pk__in=ids[start : start + CHUNK]).update(left=0)
        owed = balance_of(program_id=program_id, person_id=person_id, account=Account.CLAWBACK, currency=POINTS)
        kept = min(max(owed, 0), left)
        for kind, points, credit in ((SETTLED, kept, Account.CLAWBACK), (KIND, left - kept, Account.BREAKAGE)):
            if points:
                post_once(
                    key=f"given_up:{program_id}:{person_id}:{ids[-1]}:{kind}",
                    kind=kind,
                    program_id=program_id,
                    person_id=person_id,
                    amount=Money(points, POINTS),
                    debit=Account.POINTS,
                    credit=credit,
                )
    return left
