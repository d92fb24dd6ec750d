"""Reads groups."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotFound
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Review
from referral_blocks.referrers.models import Referrer

from .models import Group, GroupMember, GroupOffer, GroupState


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


def group_offers(*, program_id: int) -> QuerySet[GroupOffer]:
    """What the programme offers to groups at present."""
    return GroupOffer.objects.filter(program_id=program_id, active=True).order_by("pk")


def counted_groups() -> QuerySet[Group]:
    """Groups with how many places are ``taken``, and on how many of them a purchase counts (``bought``)."""
    counts = Q(members__bought_at__isnull=False) & ~Q(members__referral__review=Review.BLOCKED)
    return Group.objects.select_related("offer").annotate(
        taken=Count("members", distinct=True), bought=Count("members", filter=counts, distinct=True)
    )


def last_groups(*, referrer: Referrer, limit: int) -> list[Group]:
    """The groups that the referrer opened last, newest first, with ``taken`` and ``bought`` and their members."""
    mine = counted_groups().filter(opener=referrer).prefetch_related("members__referral")
    return list(mine.order_by("-pk")[:limit])


def state_now(group: Group, *, taken: int) -> str:
    """The group's state as people are told it: open, full, complete or expired."""
    if group.state != GroupState.OPEN:
        return group.state
    # From the deadline on nobody joins, whether the task that closes groups has been by or not.
    if timezone.now() >= group.deadline:
        return GroupState.EXPIRED
    return "full" if taken >= group.size else GroupState.OPEN


def due_groups(*, at: datetime, limit: int) -> QuerySet[Group]:
    """Open groups whose time is over, oldest first."""
    due = Group.objects.filter(state=GroupState.OPEN, deadline__lte=at).select_related("opener")
    return due.order_by("deadline", "pk")[:limit]


def buyers(*, group: Group) -> list[GroupMember]:
    """The members whose purchase counts, by place: a blocked friend's does not."""
    members = group.members.filter(bought_at__isnull=False).exclude(referral__review=Review.BLOCKED)
    return list(members.select_related("referral__friend", "referral__referrer__person").order_by("place"))
