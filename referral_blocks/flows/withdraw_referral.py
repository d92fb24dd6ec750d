"""A friend is taken out of the programme before they became a customer, at their own wish or by staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.agent import present_agent
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.states import lock
from referral_blocks.core.text import clean_text
from referral_blocks.groups.models import GroupMember, GroupState
from referral_blocks.groups.services import remove_member
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrals.services import UNEARNED, close
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.models import Reward

from .announce import announce
from .cancel_payouts import cancel_rewards

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def withdraw_referral(*, referral: Referral, reason: str = "", actor: User | None = None) -> bool:
    """Captured or nurturing → withdrawn, for good; False when it is so already. Without ``actor``, and unless a system
    says so, the friend asked for it themselves, and need not say why.

    Rewards that are not on their way are cancelled, what was issued stays, and a place in an open group is free again.
    Raises InvalidInput with path ``reason``, and NotPossibleNow for a friend who is or was a customer, and for one who
    left the programme another way; then nothing is written.
    """
    return close_referral(referral=referral, to=Stage.WITHDRAWN, reason=reason, actor=actor)


def close_referral(*, referral: Referral, to: str, reason: str, actor: User | None) -> bool:
    """As withdraw_referral, to any stage that ends a referral before it qualified."""
    others = actor is not None or bool(present_agent())
    note = clean_text(reason, max_length=500, path=("reason",), required=others, lines=True)
    with transaction.atomic():
        lock(referral)
        lock_standing(referrer=referral.referrer)
        if referral.stage != to and referral.stage not in UNEARNED:
            raise NotPossibleNow(_("This friend is “%(stage)s” already.") % {"stage": referral.get_stage_display()})
        if not close(referral=referral, to=to, note=note, actor=actor):
            return False
        kind = Kind.REFERRAL_WITHDRAWN if to == Stage.WITHDRAWN else Kind.REFERRAL_UNQUALIFIED
        announce(kind, referral, program=referral.program, referrer_id=referral.referrer_id)
        _leave_groups(referral)
        cancel_rewards(rewards=Reward.objects.filter(referral=referral), reason=to, note=note, actor=actor)
    return True


def _leave_groups(referral: Referral) -> None:
    mine = GroupMember.objects.filter(referral=referral, active=True, group__state=GroupState.OPEN)
    for member in mine.select_related("group").order_by("group_id"):
        lock(member.group)
        if member.group.state == GroupState.OPEN:
            remove_member(member=member)
            announce(Kind.GROUP_LEFT, member.group, program=referral.program, referrer_id=member.group.opener_id)
