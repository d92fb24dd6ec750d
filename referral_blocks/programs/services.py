"""Writes a programme's status, schedule, terms versions and pages."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from referral_blocks.core.states import change_state, lock

from .models import Program, ProgramChange, ProgramStatus, TermsVersion
from .selectors import terms_hash

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# An ended programme comes back by way of a pause only: nothing is credited before somebody has looked at it.
STATUSES: dict[str, set[str]] = {
    ProgramStatus.DRAFT: {ProgramStatus.LIVE},
    ProgramStatus.LIVE: {ProgramStatus.PAUSED, ProgramStatus.ENDED},
    ProgramStatus.PAUSED: {ProgramStatus.LIVE, ProgramStatus.ENDED},
    ProgramStatus.ENDED: {ProgramStatus.PAUSED},
}


def set_status(*, program: Program, to: str, note: str, actor: User) -> bool:
    """One allowed step of the status; False when it is there already. Raises NotPossibleNow."""
    return change_state(
        program, to, field="status", allowed=STATUSES, audit=ProgramChange, reason="person", note=note, actor=actor
    )


def set_moment(*, program: Program, field: str, at: datetime | None, note: str, actor: User) -> bool:
    """Move ``starts_at`` or ``ends_at``; False when it is so already."""
    with transaction.atomic():
        lock(program)
        before = getattr(program, field)
        if before == at:
            return False
        setattr(program, field, at)
        program.save(update_fields=[field])
        ProgramChange.objects.create(
            subject=program, field=field, from_state=_moment(before), to_state=_moment(at), reason="person", note=note,
            actor=actor,
        )  # fmt: skip
    return True


def on_its_clock(*, program: Program, at: datetime | None) -> datetime | None:
    """``at`` as a moment: one without a zone is meant on the wall clock of the programme's time zone."""
    if at is None or timezone.is_aware(at):
        return at
    return at.replace(tzinfo=zoneinfo.ZoneInfo(program.time_zone))


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def current_terms(*, program: Program) -> TermsVersion:
    """The version with the programme's present text, written on first need.

    A text that was in force before keeps its old number. Safe for simultaneous callers: the programme's row is locked.
    """
    sha256 = terms_hash(program.terms)
    if version := TermsVersion.objects.filter(program=program, sha256=sha256).first():
        return version
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=program.pk)
        last = TermsVersion.objects.filter(program=program).aggregate(n=Max("number"))["n"] or 0
        version, _created = TermsVersion.objects.get_or_create(
            program=program, sha256=sha256, defaults={"number": last + 1, "text": program.terms}
        )
    return version


def set_page_once(*, program: Program, field: str, page_id: int) -> None:
    """Make the page the programme's page of this kind, such as ``landing_page``, unless it has one."""
    Program.objects.filter(pk=program.pk, **{f"{field}__isnull": True}).update(**{f"{field}_id": page_id})


def leave_page(*, program_id: int, field: str, page_id: int) -> None:
    """The page speaks of another programme from now on: this one has no page of this kind, if it was that one."""
    Program.objects.filter(pk=program_id, **{f"{field}_id": page_id}).update(**{f"{field}_id": None})


def set_limits(*, program: Program, limits: Mapping[str, Any], actor: User) -> bool:
    """Write the limits that differ, each with its audit row; False when none does. The row is locked by the caller."""
    before = {field: getattr(program, field) for field in limits}
    changed = {field: value for field, value in limits.items() if before[field] != value}
    note_limits(program=program, before=before, after=changed, actor=actor)
    for field, value in changed.items():
        setattr(program, field, value)
    if changed:
        program.save(update_fields=list(changed))
    return bool(changed)


def note_limits(
    *, program: Program, before: Mapping[str, Any], after: Mapping[str, Any], actor: User, suffix: str = ""
) -> None:
    """One audit row for each limit of ``after`` that differs."""
    for field, value in after.items():
        if before[field] != value:
            ProgramChange.objects.create(
                subject=program,
                field=f"{field}{suffix}",
                from_state=_limit(before[field]),
                to_state=_limit(value),
                reason="person",
                actor=actor,
            )


def _limit(value: Any) -> str:
    return "" if value is None else str(value)
