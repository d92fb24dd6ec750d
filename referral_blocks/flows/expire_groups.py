"""Groups whose time is over expire, and nobody is rewarded. Late or twice, the result is the same: from the deadline on
no purchase counts and nobody joins, whether this has run or not."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.states import lock
from referral_blocks.groups.models import Group, GroupState
from referral_blocks.groups.selectors import due_groups
from referral_blocks.groups.services import finish_group
from referral_blocks.referrers.standing import lock_standing

from .announce import announce
from .each import for_each

BATCH = 500


def expire_groups() -> int:
    """Expire what is due, each group in its own transaction; returns how many."""
    return sum(for_each(due_groups(at=timezone.now(), limit=BATCH), _expire_alone))


def _expire_alone(group: Group) -> bool:
    with transaction.atomic():
        lock_standing(referrer=group.opener)
        return expire_group(group=group)


def expire_group(*, group: Group) -> bool:
    """Open → expired when its time is over; False otherwise. The caller holds the lock of the opener's standing."""
    lock(group)
    if group.state != GroupState.OPEN or timezone.now() < group.deadline:
        return False
    if not finish_group(group=group, to=GroupState.EXPIRED, reason="deadline"):
        return False
    announce(Kind.GROUP_EXPIRED, group, program=group.offer.program, referrer_id=group.opener_id)
    return True
