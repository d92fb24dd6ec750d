"""Takes words about a person out of the audit trail of rewards; states, sums and dates stay."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from .models import Reward, RewardChange, RewardState

OPEN = (RewardState.PENDING, RewardState.APPROVED)


def open_rewards(*, person_id: int) -> QuerySet[Reward]:
    """What is promised to the person and neither on its way nor received."""
    return Reward.objects.filter(person_id=person_id, state__in=OPEN).order_by("pk")


def forget_notes(*, person_id: int) -> None:
    """Blank staff's notes on rewards of the person, and on those that somebody else earned with them."""
    theirs = Q(person_id=person_id) | Q(referral__friend_id=person_id) | Q(referral__referrer__person_id=person_id)
    subjects = Reward.objects.filter(theirs).order_by().values("pk")
    RewardChange.objects.filter(subject__in=subjects).exclude(note="").update(note="")
