"""Reads rewards."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from .models import PendingReason, Reason, Reward, RewardRule, RewardState


def active_rules(*, program_id: int) -> QuerySet[RewardRule]:
    """The programme's present offers."""
    return RewardRule.objects.filter(program_id=program_id, active=True)


def rewards_of(*, person_id: int, program_id: int) -> QuerySet[Reward]:
    """A person's rewards in one programme, newest first, with what they wait for."""
    return Reward.objects.filter(person_id=person_id, program_id=program_id).prefetch_related("pending_reasons")


def due_hold_ids(*, limit: int) -> list[int]:
    """Ids of rewards whose hold is over, longest over first."""
    due = PendingReason.objects.filter(reason=Reason.HOLD, until__lte=timezone.now(), reward__state=RewardState.PENDING)
    return list(due.order_by("until").values_list("reward_id", flat=True)[:limit])
