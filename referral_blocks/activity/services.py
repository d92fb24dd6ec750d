"""Writes the feed, and forgets what is old."""

from __future__ import annotations

from django.db.models import Model

from .cursor import TransactionNumber, forgotten_before, present_horizon, uses_postgresql
from .kinds import Kind
from .models import Activity
from .wake import wake_on_commit


def add_activity(
    *, kind: Kind, site_id: int, program_id: int, referrer_id: int | None, subject_type: str, subject: Model
) -> Activity:
    """One row, in the caller's transaction; whoever follows the feed is woken once that is committed."""
    row = Activity.objects.create(
        transaction=TransactionNumber(),
        site_id=site_id,
        program_id=program_id,
        referrer_id=referrer_id,
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_key(subject),
    )
    wake_on_commit()
    return row


def subject_key(subject: Model) -> str:
    """The public id where the model has one, else its key: what global ids are made of, too."""
    return str(getattr(subject, "public_id", subject.pk))


def forget_activity(*, limit: int) -> int:
    """Delete the oldest rows that are past their time; returns how many."""
    if uses_postgresql():
        # A dump that was loaded into another server brings numbers that this one has not reached: they are decided.
        Activity.objects.filter(transaction__gt=present_horizon().ahead).update(transaction=0)
    old = Activity.objects.filter(occurred_at__lt=forgotten_before()).order_by("pk")[:limit]
    return Activity.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
