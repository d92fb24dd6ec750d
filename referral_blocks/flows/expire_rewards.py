"""Rewards that nobody took in time expire; late or twice, the result is the same."""

from __future__ import annotations

from django.db import transaction

from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import RewardState
from referral_blocks.rewards.selectors import due_expiry_ids

from .each import for_each
from .void_reward import OPEN, void_reward

BATCH = 500


def expire_rewards() -> int:
    """Pending and approved rewards past their date → expired, each in its own transaction; returns how many now."""
    return sum(for_each(due_expiry_ids(limit=BATCH), _expire))


def _expire(pk: int) -> bool:
    with transaction.atomic():
        (reward,) = lock_rewards(ids=[pk])
        if reward.state not in OPEN:
            return False  # it was claimed by a payout meanwhile
        return void_reward(reward=reward, reason="time", to=RewardState.EXPIRED)
