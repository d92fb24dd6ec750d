"""Deletes the record of which mails a person was sent."""

from __future__ import annotations

from .models import Email


def forget_mails(*, person_id: int) -> None:
    """Sent ones and those that wait: a queued task finds nothing to send."""
    Email.objects.filter(person_id=person_id).delete()
