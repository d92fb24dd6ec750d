"""Reads groups."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotFound
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Review

from .models import Group, GroupMember, GroupState


def group_by_public_id(*, program: Program, public_id: str) -> Group:
    """The programme's group with this id; raises NotFound, also for a group of another programme."""
    try:
        key = uuid.UUID(public_id)
    except ValueError:
        key = None  # type: ignore[assignment]
    found = Group.objects.select_related("offer__program", "opener__person")
    group = found.filter(public_id=key, offer__program=program).first() if key else None
    if group is None:
        raise NotFound(_("There is no such group in this programme."), path=("group",))
    return group


def due_groups(*, at: datetime, limit: int) -> QuerySet[Group]:
    """Open groups whose time is over, oldest first."""
    due = Group.objects.filter(state=GroupState.OPEN, deadline__lte=at).select_related("opener")
    return due.order_by("deadline", "pk")[:limit]


def buyers(*, group: Group) -> list[GroupMember]:
    """The members whose purchase counts, by place: a blocked friend's does not."""
    members = group.members.filter(bought_at__isnull=False).exclude(referral__review=Review.BLOCKED)
    return list(members.select_related("referral__friend", "referral__referrer__person").order_by("place"))
