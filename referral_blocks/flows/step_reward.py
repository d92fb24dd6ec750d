"""A reward's steps as flows take them: each is done by the service of the same name, and announced."""

from __future__ import annotations

from typing import Any

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
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


def announce_reward(kind: Kind, reward: Reward) -> None:
    announce(kind, reward, program=reward.program, referrer_id=reward.referrer_id)


def approve_if_clear(*, reward: Reward, **given: Any) -> bool:
    if not services.approve_if_clear(reward=reward, **given):
        return False
    announce(
        Kind.REWARD_APPROVED,
        reward,
        program=reward.program,
        referrer_id=reward.referrer_id,
        signal=signals.reward_approved,
    )
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
