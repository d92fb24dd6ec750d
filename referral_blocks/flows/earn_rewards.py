"""Something happened that rules may reward: promise, post to the ledger, and pay what waits for nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from referral_blocks.activity.kinds import Kind
from referral_blocks.fraud.selectors import side_states
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.services import post_transfer
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrers.models import ReferrerStanding
from referral_blocks.rewards.milestones import reached_milestones
from referral_blocks.rewards.models import Reward, Side
from referral_blocks.rewards.rule import FriendFacts, Happening
from referral_blocks.rewards.services import Sides, promise_rewards

from .pay_reward import approve_and_pay_if_clear
from .step_reward import announce_reward


def earn_rewards(*, program: Program, happening: Happening, sides: Sides, trigger_key: str) -> list[Reward]:
    """The rewards that this newly earns; the same ``trigger_key`` earns once. In the caller's transaction, which holds
    the lock of the referrer's standing."""
    if sides.referral is not None:
        sides = replace(sides, blocked=blocked_sides(sides.referral))
    rewards = promise_rewards(program=program, happening=happening, sides=sides, trigger_key=trigger_key)
    for reward in rewards:
        post_transfer(
            key=f"reward:{reward.pk}:promised",
            kind="reward_promised",
            program_id=program.pk,
            person_id=reward.person_id,
            amount=reward.amount,
            debit=Account.EXPENSE,
            credit=Account.PENDING,
        )
        announce_reward(Kind.REWARD_CREATED, reward)
        approve_and_pay_if_clear(reward=reward)
    return rewards


def friend_facts(referral: Referral) -> FriendFacts:
    """What rules may ask about the friend. One who has not qualified yet is taken for the referrer's first."""
    return FriendFacts(
        number=referral.friend_number or 1,
        standing=standing_friends(referral.referrer_id) if (referral.friend_number or 1) > 1 else None,
        reached=reached_milestones(
            program_id=referral.program_id, person_id=referral.referrer.person_id, but_for=referral.pk
        ),
        kind=referral.friend.kind,
        country=referral.friend.country,
        is_new=referral.is_new_customer,
        qualified_at=referral.qualified_at,
    )


def standing_friends(referrer_id: int) -> int:
    """How many of the referrer's friends are customers now, those left out that are blocked: one row, whatever the
    history."""
    row = ReferrerStanding.objects.filter(referrer_id=referrer_id)
    return row.values_list("qualified", flat=True).first() or 0


def counts_for_referrer(referral: Referral) -> bool:
    """Whether the friend counts as one of the referrer's: not when the referrer's side is blocked."""
    return referral.review != Review.BLOCKED and Side.REFERRER not in blocked_sides(referral)


def flagged_sides(referral: Referral) -> Collection[str]:
    """The sides whose money waits for a person's look."""
    return side_states(referral=referral).open


def blocked_sides(referral: Referral) -> Collection[str]:
    """The sides that earn nothing any more."""
    return side_states(referral=referral).blocked
