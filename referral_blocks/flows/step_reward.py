"""A reward's steps as flows take them: each is done by the service of the same name, and announced."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
from referral_blocks.referrers.selectors import referrer_id_of
from referral_blocks.rewards import services
from referral_blocks.rewards.models import Reward, RewardState

from .announce import announce

KINDS = {
    RewardState.APPROVED: Kind.REWARD_APPROVED,
    RewardState.RESERVED: Kind.REWARD_RESERVED,
    RewardState.ISSUED: Kind.REWARD_ISSUED,
    RewardState.REDEEMED: Kind.REWARD_REDEEMED,
    RewardState.VOID: Kind.REWARD_VOIDED,
    RewardState.EXPIRED: Kind.REWARD_EXPIRED,
    RewardState.CLAWED_BACK: Kind.REWARD_CLAWED_BACK,
}


def announce_reward(kind: Kind, reward: Reward, *, signal: Signal | None = None) -> None:
    """To its owner, who sees it beside their own rewards where they share the programme, too: a friend may."""
    referrer_id = reward.referrer_id
    if referrer_id is None:
        referrer_id = referrer_id_of(program_id=reward.program_id, person_id=reward.person_id)
    announce(kind, reward, program=reward.program, referrer_id=referrer_id, signal=signal)


def approve_if_clear(*, reward: Reward, **given: Any) -> bool:
    if not services.approve_if_clear(reward=reward, **given):
        return False
    announce_reward(Kind.REWARD_APPROVED, reward, signal=signals.reward_approved)
    return True


def move_reward(*, reward: Reward, to: str, **given: Any) -> bool:
    """Announces where the step led in the end. Back to approved or pending is a change, not an approval."""
    if not services.move_reward(reward=reward, to=to, **given):
        return False
    back = to in (RewardState.APPROVED, RewardState.PENDING)
    announce_reward(Kind.REWARD_CHANGED if back else KINDS[RewardState(reward.state)], reward)
    return True


def await_again(*, reward: Reward, **given: Any) -> None:
    services.await_again(reward=reward, **given)
    announce_reward(Kind.REWARD_CHANGED, reward)


def clear_reason(*, reward: Reward, **given: Any) -> bool:
    if not services.clear_reason(reward=reward, **given):
        return False
    announce_reward(Kind.REWARD_CHANGED, reward)
    return True


def hold_for_review(*, reward: Reward, **given: Any) -> bool:
    if not services.hold_for_review(reward=reward, **given):
        return False
    announce_reward(Kind.REWARD_CHANGED, reward)
    return True


def retry_limits(*, reward: Reward) -> bool:
    waits = reward.pending_reasons.order_by("pk").values_list("reason", flat=True)
    before = list(waits.all())
    free = services.retry_limits(reward=reward)
    if list(waits.all()) != before:
        announce_reward(Kind.REWARD_CHANGED, reward)
    return free


def resize_reward(*, reward: Reward, **given: Any) -> int:
    change = services.resize_reward(reward=reward, **given)
    if change:
        announce_reward(Kind.REWARD_CHANGED, reward)
    return change


def take_back(*, reward: Reward, **given: Any) -> int:
    change = services.take_back(reward=reward, **given)
    if change:
        gone = reward.state == RewardState.CLAWED_BACK
        announce_reward(Kind.REWARD_CLAWED_BACK if gone else Kind.REWARD_CHANGED, reward)
    return change
