"""Writes rewards: promises them, clears what they wait for, and moves their state."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from referral_blocks.core.money import Money
from referral_blocks.core.states import change_state, lock
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.sales.models import Sale

from .models import Approval, PendingReason, Reason, Reward, RewardChange, RewardRule, RewardState, Side
from .rule import RuleFacts, SaleFacts, reward_kind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STEPS: dict[str, set[str]] = {
    RewardState.PENDING: {RewardState.APPROVED, RewardState.VOID},
    RewardState.APPROVED: {RewardState.RESERVED, RewardState.VOID},
    RewardState.RESERVED: {RewardState.ISSUED, RewardState.APPROVED},
}


def promise_rewards(*, referral: Referral, sale: Sale) -> list[Reward]:
    """The rewards that the qualifying sale newly earns, each pending with its reasons; none that were promised before.

    Rewards keep the rule's words and value as they were at this moment, whatever becomes of the rule.
    """
    program = referral.program
    promised = []
    for rule in RewardRule.objects.filter(program=program, active=True):
        facts = RuleFacts(Money(rule.amount_minor, program.currency))
        value = reward_kind(rule.kind).value(facts, SaleFacts(sale.amount))
        if value is None:
            continue
        reward, created = Reward.objects.get_or_create(
            rule=rule,
            person=referral.referrer.person if rule.side == Side.REFERRER else referral.friend,
            trigger_key=f"referral:{referral.pk}",
            defaults={
                "program": program,
                "referral": referral,
                "sale": sale,
                "side": rule.side,
                "title": rule.title,
                "instructions": rule.instructions,
                "amount_minor": value.amount_minor,
                "currency": value.currency,
                "method": rule.method,
            },
        )
        if created:
            _add_reasons(reward, rule)
            promised.append(reward)
    return promised


def _add_reasons(reward: Reward, rule: RewardRule) -> None:
    if rule.hold_days:
        until = timezone.now() + timedelta(days=rule.hold_days)
        PendingReason.objects.create(reward=reward, reason=Reason.HOLD, until=until)
    if rule.approval == Approval.PERSON:
        PendingReason.objects.create(reward=reward, reason=Reason.APPROVAL)
    if reward.referral.review == Review.FLAGGED:
        PendingReason.objects.create(reward=reward, reason=Reason.REVIEW)


def clear_reason(*, reward: Reward, reason: str, cause: str, note: str = "", actor: User | None = None) -> bool:
    """Take one reason away and write who did it and why; False when it was gone already."""
    with transaction.atomic():
        lock(reward)
        deleted, _rows = PendingReason.objects.filter(reward=reward, reason=reason).delete()
        if deleted:
            RewardChange.objects.create(
                subject=reward, field="reason", from_state=reason, to_state="", reason=cause, note=note, actor=actor
            )
    return bool(deleted)


def approve_if_clear(*, reward: Reward, actor: User | None = None) -> bool:
    """Pending → approved when nothing is left to wait for; False otherwise."""
    with transaction.atomic():
        lock(reward)
        if reward.state != RewardState.PENDING or reward.pending_reasons.exists():
            return False
        if reward.referral.review == Review.BLOCKED:
            return False
        return change_state(
            reward, RewardState.APPROVED, allowed=STEPS, audit=RewardChange, reason="clear", actor=actor
        )


def move_reward(*, reward: Reward, to: str, reason: str, actor: User | None = None) -> bool:
    """One allowed step of the state; False when the reward is there already. Raises NotPossibleNow."""
    return change_state(reward, to, allowed=STEPS, audit=RewardChange, reason=reason, actor=actor)
