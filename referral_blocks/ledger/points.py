"""Points: lots that came together and expire together, used oldest first; each movement is an entry of the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import Conflict, NotPossibleNow
from referral_blocks.core.money import POINTS, Money
from referral_blocks.people.models import Person

from .models import Account, LedgerEntry, LedgerLine, PointsLot
from .selectors import balance_of
from .services import post_once

CHUNK = 500  # lots an UPDATE
SETTLED = "points_kept"  # the kind of entry that settles a debt with points


def add_points(*, key: str, program_id: int, person_id: int, points: int) -> PointsLot:
    """A new lot, once by ``key``; the caller posts to the ledger what it came from, in the same transaction."""
    days = get_conf().POINTS_EXPIRE_DAYS
    lot, _created = PointsLot.objects.get_or_create(
        key=key,
        defaults={
            "program_id": program_id,
            "person_id": person_id,
            "points": points,
            "left": points,
            "expires_at": timezone.now() + timedelta(days=days) if days is not None else None,
        },
    )
    return lot


def spendable(*, program_id: int, person_id: int) -> int:
    """Points that can be used now; those past their date cannot, whether or not the task has been by, and those that
    are owed because a sale came back cannot."""
    left = _usable(program_id, person_id).aggregate(total=Sum("left"))["total"] or 0
    return max(left - _owed(program_id, person_id), 0)


def usable_lots(*, program_id: int, person_id: int) -> QuerySet[PointsLot]:
    """What can be used now, in the order in which it is: what expires first."""
    return _usable(program_id, person_id).order_by(F("expires_at").asc(nulls_last=True), "pk")


def next_to_expire(*, program_id: int, person_id: int) -> tuple[int, datetime] | None:
    """How many points go next, and when; None when none has a date."""
    dated = _usable(program_id, person_id).filter(expires_at__isnull=False)
    row = dated.values("expires_at").annotate(total=Sum("left")).order_by("expires_at").first()
    at = row["expires_at"] if row else None
    return (row["total"], at) if row and at else None


def take_points(*, key: str, program_id: int, person_id: int, points: int, note: str) -> tuple[LedgerEntry, bool]:
    """Use points, those that expire first, once by ``key``; says whether it was done now.

    Raises Conflict for a key that was used for something else and NotPossibleNow (``not_enough_points``). The lots are
    locked, and each is taken from by a guarded UPDATE.
    """
    with transaction.atomic():
        lots = list(usable_lots(program_id=program_id, person_id=person_id).select_for_update(of=("self",)))
        done = LedgerEntry.objects.filter(key=key).first()
        if done is not None:
            return _same(done, person_id, points), False
        if sum(lot.left for lot in lots) - _owed(program_id, person_id) < points:
            raise NotPossibleNow(_("There are not enough points for this."), code="not_enough_points", path=("points",))
        entry, created = post_once(
            key=key,
            kind="points_redeemed",
            program_id=program_id,
            person_id=person_id,
            amount=Money(points, POINTS),
            debit=Account.POINTS,
            credit=Account.REDEEMED,
            note=note,
        )
        if not created:
            return _same(entry, person_id, points), False
        _use_up(lots, points)
    return entry, True


def return_points(*, taken: str, key: str, program_id: int, person_id: int, note: str) -> int:
    """Give back what ``take_points`` took under the key ``taken``, once by ``key``; returns how many points, 0 when
    there is nothing to give back or it was done before.

    They come as a new lot, with a date of their own: those that they were taken from may have expired meanwhile.
    """
    lines = LedgerLine.objects.filter(entry__key=taken, account=Account.POINTS, person_id=person_id, currency=POINTS)
    points = lines.values_list("amount_minor", flat=True).first()
    if not points:
        return 0
    with transaction.atomic():
        _entry, created = post_once(
            key=key,
            kind="points_returned",
            program_id=program_id,
            person_id=person_id,
            amount=Money(points, POINTS),
            debit=Account.REDEEMED,
            credit=Account.POINTS,
            note=note,
        )
        if not created:
            return 0
        add_points(key=key, program_id=program_id, person_id=person_id, points=points)
    return points


def expire_lot(*, pk: int) -> bool:
    """Post what is left of a lot past its date as expired; False when nothing is left or it is not past its date.

    What its owner owes is settled with it first: those points were kept back all the time and could not be used, so
    that the date must not take them and leave the debt.
    """
    with transaction.atomic():
        past = PointsLot.objects.filter(pk=pk, left__gt=0, expires_at__lte=timezone.now())
        lot = past.select_for_update(of=("self",)).first()
        if lot is None or not past.filter(left=lot.left).update(left=0):
            return False
        kept = min(_locked_debt(lot), lot.left)
        _post_out_of(lot, "kept", SETTLED, kept, Account.CLAWBACK)
        _post_out_of(lot, "expired", "points_expired", lot.left - kept, Account.BREAKAGE)
    return True


def _post_out_of(lot: PointsLot, step: str, kind: str, points: int, credit: str) -> None:
    if points:
        post_once(
            key=f"lot:{lot.pk}:{step}",
            kind=kind,
            program_id=lot.program_id,
            person_id=lot.person_id,
            amount=Money(points, POINTS),
            debit=Account.POINTS,
            credit=credit,
        )


def due_lot_ids(*, limit: int) -> list[int]:
    """Ids of lots past their date with points left, longest past first."""
    due = PointsLot.objects.filter(left__gt=0, expires_at__lte=timezone.now())
    return list(due.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit])


def _usable(program_id: int, person_id: int) -> QuerySet[PointsLot]:
    in_time = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return PointsLot.objects.filter(in_time, program_id=program_id, person_id=person_id, left__gt=0)


def _owed(program_id: int, person_id: int) -> int:
    """Points that were taken back and are still to be netted from what the person gets next."""
    owed = balance_of(program_id=program_id, person_id=person_id, account=Account.CLAWBACK, currency=POINTS)
    return max(owed, 0)


def _locked_debt(lot: PointsLot) -> int:
    """What the lot's owner owes; their row stays locked, so that no payout nets the same debt at the same time."""
    if not _owed(lot.program_id, lot.person_id):
        return 0
    Person.objects.select_for_update(no_key=True).get(pk=lot.person_id)
    return _owed(lot.program_id, lot.person_id)


def _use_up(lots: list[PointsLot], points: int) -> None:
    """One UPDATE for up to CHUNK lots; each lot has to hold at least what is taken from it."""
    uses: dict[int, int] = {}
    for lot in lots:
        if points <= 0:
            break
        uses[lot.pk] = min(lot.left, points)
        points -= uses[lot.pk]
    taken = list(uses.items())
    for start in range(0, len(taken), CHUNK):
        chunk = taken[start : start + CHUNK]
        use = Case(*(When(pk=pk, then=Value(n)) for pk, n in chunk), output_field=BigIntegerField())
        mine = PointsLot.objects.filter(pk__in=[pk for pk, _n in chunk], left__gte=use)
        if mine.update(left=F("left") - use) != len(chunk):
            raise RuntimeError("Points were used by somebody else under our lock")


def _same(entry: LedgerEntry, person_id: int, points: int) -> LedgerEntry:
    given = entry.lines.filter(account=Account.POINTS).values_list("person_id", "amount_minor").first()
    if given != (person_id, points):
        raise Conflict(_("This redemption id was used for something else."), path=("redemptionId",))
    return entry
