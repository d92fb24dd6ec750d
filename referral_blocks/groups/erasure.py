"""Takes words about a person out of the audit trail of groups."""

from __future__ import annotations

from django.db.models import Q

from .models import Group, GroupChange


def forget_notes(*, person_id: int) -> None:
    """Blank notes on groups that the person opened or has a place in."""
    theirs = Q(opener__person_id=person_id) | Q(members__referral__friend_id=person_id)
    subjects = Group.objects.filter(theirs).order_by().values("pk")
    GroupChange.objects.filter(subject__in=subjects).exclude(note="").update(note="")
