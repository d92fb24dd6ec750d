"""What a sale to a group's member does to the group: enough purchases in time, and everybody is rewarded.

Called inside the transaction of the sale, which holds the friend's referral and the standing of their referrer, who is
the group's opener: the group's row comes after them, and the rewards after that. The other members' referrals are read,
never locked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.states import lock
from referral_blocks.groups.models import Group, GroupMember, GroupState
from referral_blocks.groups.selectors import buyers
from referral_blocks.groups.services import finish_group, mark_bought
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward, Side, Trigger
from referral_blocks.rewards.rule import Happening
from referral_blocks.rewards.services import Sides
from referral_blocks.sales.models import Sale

from .announce import announce
from .earn_rewards import blocked_sides, earn_rewards, flagged_sides, friend_facts

DAY = timedelta(days=1)  # many tills know only the date of a sale


def group_sale(*, referral: Referral, sale: Sale) -> list[Reward]:
    """Note the purchase in the friend's open groups, and complete those that have enough; returns the rewards.

    A purchase from before the friend joined does not count, nor one that is recorded after the deadline.
    """
    rewards: list[Reward] = []
    for member in _memberships(referral, GroupState.OPEN):
        lock(member.group)
        if not _is_running(member.group) or sale.occurred_at < member.joined_at - DAY or member.bought_at is not None:
            continue
        mark_bought(member=member, sale_id=sale.pk, at=sale.occurred_at)
        rewards += _complete_if_enough(member.group)
    return rewards


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What became of complete groups: whether a reward, by its id, stands with its group or falls with it."""

    stand: dict[int, bool] = field(default_factory=dict)


def ungroup_sale(*, referral: Referral, sale: Sale) -> Regrouped:
    """The sale was wholly reversed: it counts no more, and another purchase of the friend takes its place where there
    is one. Without one, the rewards of a complete group fall for everybody."""
    fallen: dict[int, bool] = {}
    for member in _memberships(referral, GroupState.OPEN, GroupState.COMPLETE):
        lock(member.group)
        complete = member.group.state == GroupState.COMPLETE
        if member.sale_id != sale.pk or not (complete or _is_running(member.group)):
            continue
        other = (
            Sale.objects.filter(
                referral=referral, occurred_at__gte=member.joined_at - DAY, reversed_minor__lt=F("amount_minor")
            )
            .exclude(pk=sale.pk)
            .order_by("pk")
            .first()
        )
        mark_bought(member=member, sale_id=other.pk if other else None, at=other.occurred_at if other else None)
        if complete and other is None:
            fallen |= dict.fromkeys(_rewards_of(member.group), False)
    return Regrouped(fallen)


def regroup_sale(*, referral: Referral, sale: Sale) -> Regrouped:
    """A won dispute restored the sale: it counts again in an open group, and a complete group whose purchases all stand
    again has its rewards back. Buying anew does not bring them back."""
    group_sale(referral=referral, sale=sale)
    back: dict[int, bool] = {}
    for member in _memberships(referral, GroupState.COMPLETE):
        lock(member.group)
        if member.bought_at is not None or sale.occurred_at < member.joined_at - DAY:
            continue
        mark_bought(member=member, sale_id=sale.pk, at=sale.occurred_at)
        if len(buyers(group=member.group)) >= member.group.size:
            back |= dict.fromkeys(_rewards_of(member.group), True)
    return Regrouped(back)


def _rewards_of(group: Group) -> list[int]:
    rewards = Reward.objects.filter(referral__in=group.members.values("referral"), trigger_key=_key(group))
    return list(rewards.values_list("pk", flat=True))


def _key(group: Group) -> str:
    """One for the whole group: the opener is rewarded once."""
    return f"group:{group.pk}"


def _memberships(referral: Referral, *states: str) -> list[GroupMember]:
    mine = GroupMember.objects.filter(referral=referral, active=True, group__state__in=states)
    return list(mine.select_related("group__offer__program", "group__opener__person").order_by("group_id"))


def _is_running(group: Group) -> bool:
    return group.state == GroupState.OPEN and timezone.now() < group.deadline


def _complete_if_enough(group: Group) -> list[Reward]:
    members = buyers(group=group)
    # A side that was blocked shows that the purchase was not what it seemed: it does not carry the others.
    if len(members) < group.size or any(blocked_sides(member.referral) for member in members):
        return []
    if not finish_group(group=group, to=GroupState.COMPLETE, reason="bought"):
        return []
    announce(Kind.GROUP_COMPLETED, group, program=group.offer.program, referrer_id=group.opener_id)
    flagged = [member.referral for member in members if Side.REFERRER in flagged_sides(member.referral)]
    # The opener's reward hangs on a friend whom somebody has to look at, where there is one: blocking that friend
    # cancels it.
    main = flagged[0] if flagged else members[-1].referral
    ordered = sorted(members, key=lambda member: member.referral_id != main.pk)
    return [reward for member in ordered for reward in _earn(group, member.referral, opener_flagged=bool(flagged))]


def _earn(group: Group, referral: Referral, *, opener_flagged: bool) -> list[Reward]:
    """The friend's rewards, and with the first friend the opener's: one key for the whole group keeps it at one."""
    sides = set(flagged_sides(referral)) | ({Side.REFERRER} if opener_flagged else set())
    return earn_rewards(
        program=group.offer.program,
        happening=Happening(trigger=Trigger.GROUP, at=timezone.now(), friend=friend_facts(referral)),
        sides=Sides(group.opener, referral.friend, referral, None, sides),
        trigger_key=_key(group),
    )
