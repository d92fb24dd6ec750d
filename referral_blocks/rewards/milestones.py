"""Milestones: a rule for one number of friends, such as “the third friend”, which a referrer reaches once."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from referral_blocks.sales.models import ReversalKind, SaleReversal

from .models import Reward, RewardRule, RewardState, Side

MILESTONE = Q(side=Side.REFERRER, friend_to=F("friend_from"))


def still_reached(rewards: QuerySet[Reward]) -> QuerySet[Reward]:
    """Those after which their milestone is not reached again: all but the cancelled ones, and those taken back for a
    sale that was refunded as a whole. A dispute may still be won, so what it took counts as reached."""
    refunds = SaleReversal.objects.filter(sale=OuterRef("sale"), kind=ReversalKind.REFUND).order_by().values("sale")
    refunded = Coalesce(Subquery(refunds.annotate(total=Sum("amount_minor")).values("total")), Value(0))
    kept = Q(clawed_minor__lt=F("amount_minor")) | Q(sale=None) | Q(refunded__lt=F("sale__amount_minor"))
    return rewards.exclude(state=RewardState.VOID).alias(refunded=refunded).filter(kept)


def reached_milestones(*, program_id: int, person_id: int, but_for: int | None = None) -> frozenset[int]:
    """The ids of the programme's milestones that the referrer has reached, whatever the referral ``but_for`` earned.

    Two queries at most, by rule and person: a milestone has few rewards a person, however long the history is.
    """
    rules = list(RewardRule.objects.filter(MILESTONE, program_id=program_id).order_by().values_list("pk", flat=True))
    return _reached(rules, person_id, but_for) if rules else frozenset()


def is_taken(*, reward: Reward) -> bool:
    """Whether the reward's milestone was reached with another friend meanwhile."""
    rule = reward.rule
    if reward.side != Side.REFERRER or rule.friend_from != rule.friend_to:
        return False
    return bool(_reached([rule.pk], reward.person_id, reward.referral_id))


def _reached(rule_ids: Collection[int], person_id: int, but_for: int | None) -> frozenset[int]:
    rewards = still_reached(Reward.objects.filter(rule__in=rule_ids, person_id=person_id))
    # The order of the unique key: SQLite then reads that, and not the whole table.
    rewards = rewards.order_by("rule_id", "person_id", "trigger_key")
    rows = rewards.values_list("rule_id", "referral_id")
    return frozenset(rule for rule, referral in rows if but_for is None or referral != but_for)
