"""Writes groups and who is in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.states import change_state
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer

from .models import Group, GroupChange, GroupMember, GroupOffer, GroupState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STEPS: dict[str, set[str]] = {GroupState.OPEN: {GroupState.COMPLETE, GroupState.EXPIRED}}


def create_group(*, offer: GroupOffer, opener: Referrer) -> Group:
    """An open group with the offer's size and time; raises NotPossibleNow when the opener has one open."""
    try:
        with transaction.atomic():
            return Group.objects.create(
                offer=offer, opener=opener, size=offer.size, deadline=timezone.now() + timedelta(hours=offer.hours)
            )
    except IntegrityError:
        raise too_many_groups() from None


def add_member(*, group: Group, referral: Referral) -> GroupMember:
    """The referral on the group's next free place; raises NotPossibleNow when there is none, or when the friend is in
    another group of the offer. The caller holds the group's lock; where a lock is no lock, the unique keys decide."""
    taken = set(group.members.values_list("place", flat=True))
    if len(taken) >= group.size:
        raise group_full()
    place = next(place for place in range(1, group.size + 1) if place not in taken)
    try:
        with transaction.atomic():
            return GroupMember.objects.create(group=group, offer_id=group.offer_id, referral=referral, place=place)
    except IntegrityError:
        if GroupMember.objects.filter(offer_id=group.offer_id, referral=referral, active=True).exists():
            raise cannot_join() from None
        raise group_full() from None


def remove_member(*, member: GroupMember) -> None:
    """Give back the place of a friend who leaves the programme. The group is open, and the caller holds its lock."""
    member.delete()


def mark_bought(*, member: GroupMember, sale_id: Any, at: datetime | None) -> None:
    """Note the sale that counts for the group, or with None for both that there is none any more."""
    member.sale_id, member.bought_at = sale_id, at
    member.save(update_fields=["sale", "bought_at"])


def finish_group(*, group: Group, to: str, reason: str, actor: User | None = None) -> bool:
    """Open → complete or expired; an expired group lets its members go. False when it is so already."""
    with transaction.atomic():
        if not change_state(group, to, allowed=STEPS, audit=GroupChange, reason=reason, actor=actor):
            return False
        if to == GroupState.EXPIRED:
            group.members.update(active=False)
    return True


def too_many_groups() -> NotPossibleNow:
    return NotPossibleNow(
        _("You have an open group for this offer. Fill it, or wait until its time is over."), code="too_many_groups"
    )


def group_full() -> NotPossibleNow:
    return NotPossibleNow(_("This group is full. Ask for a new one."), code="group_full", path=("group",))


def group_closed() -> NotPossibleNow:
    return NotPossibleNow(_("The time of this group is over."), code="group_closed", path=("group",))


def cannot_join() -> NotPossibleNow:
    """One refusal for every reason that lies with the friend: which one it is would tell what is known of them."""
    return NotPossibleNow(_("You cannot join this group with these details."), code="cannot_join_group")
