"""A marketer opens, pauses or ends a programme, or moves its start and end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput, gathering
from referral_blocks.core.states import lock
from referral_blocks.core.text import clean_text
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.programs.services import on_its_clock, set_moment, set_status

from .announce import announce

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def change_program(*, program: Program, status: str, reason: str, actor: User) -> bool:
    """One step of draft → live ⇄ paused → ended → paused; False when the programme is there already.

    Raises InvalidInput (paths ``status``, ``reason``) and NotPossibleNow for any other step.
    """
    with gathering() as mistakes:
        with mistakes.check():
            _require_status(status)
        with mistakes.check():
            note = _note(reason)
    with transaction.atomic():
        if not set_status(program=program, to=status, note=note, actor=actor):
            return False
        announce(Kind.PROGRAM_CHANGED, program, program=program)
    return True


def schedule_program(
    *, program: Program, starts_at: datetime | None, ends_at: datetime | None, reason: str, actor: User
) -> bool:
    """Set both ends of the schedule; None is open. A moment without a zone is on the programme's own clock.

    False when nothing changes. Raises InvalidInput (paths ``endsAt``, ``reason``).
    """
    start, end = on_its_clock(program=program, at=starts_at), on_its_clock(program=program, at=ends_at)
    with gathering() as mistakes:
        with mistakes.check():
            _require_order(start, end)
        with mistakes.check():
            note = _note(reason)
    with transaction.atomic():
        lock(program)
        moved = [
            set_moment(program=program, field=field, at=at, note=note, actor=actor)
            for field, at in (("starts_at", start), ("ends_at", end))
        ]
        if any(moved):
            announce(Kind.PROGRAM_CHANGED, program, program=program)
    return any(moved)


def _require_status(status: str) -> None:
    if status not in ProgramStatus.values:
        raise InvalidInput(
            _("Choose one of: %(known)s.") % {"known": ", ".join(ProgramStatus.values)},
            code="unknown_choice",
            path=("status",),
        )


def _require_order(start: datetime | None, end: datetime | None) -> None:
    if start and end and end <= start:
        raise InvalidInput(_("The end has to be after the start."), code="invalid_range", path=("endsAt",))


def _note(reason: str) -> str:
    return clean_text(reason, max_length=500, path=("reason",), lines=True)
