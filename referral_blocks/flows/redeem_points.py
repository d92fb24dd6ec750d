"""A person uses points."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import MAX_MINOR
from referral_blocks.core.text import clean_text
from referral_blocks.ledger.models import LedgerEntry
from referral_blocks.ledger.points import spendable, take_points
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program

from .announce_points import announce_points


@dataclass(frozen=True, slots=True)
class Redeemed:
    """``created`` is False when the same redemption was delivered before; ``left`` is what can be used now."""

    entry: LedgerEntry
    created: bool
    left: int


def redeem_points(*, program: Program, person: Person, points: int, redemption_id: str, note: str = "") -> Redeemed:
    """Use ``points`` of the person's balance in this programme, those that expire first.

    Delivered twice, the first result is returned. Raises InvalidInput (paths ``points``, ``redemptionId``, ``note``),
    Conflict for the same id with another amount or person, and NotPossibleNow (``not_enough_points``); then nothing
    is written.
    """
    if isinstance(points, bool) or not isinstance(points, int) or not 0 < points <= MAX_MINOR:
        raise InvalidInput(_("Give a whole number of points, 1 or more."), code="invalid_amount", path=("points",))
    key = clean_text(redemption_id, max_length=80, path=("redemptionId",))
    text = clean_text(note, max_length=200, path=("note",), required=False)
    with transaction.atomic():
        entry, created = take_points(
            key=redeemed_key(program.pk, key), program_id=program.pk, person_id=person.pk, points=points, note=text
        )
        left = spendable(program_id=program.pk, person_id=person.pk)
        if created:
            announce_points(program_id=program.pk, person_id=person.pk)
    return Redeemed(entry, created, left)


def redeemed_key(program_id: int, redemption_id: str) -> str:
    """The key of the ledger's entry that took the points."""
    return f"redeem:{program_id}:{redemption_id}"
