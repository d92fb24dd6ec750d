"""A reward that waits for nothing more is approved, claimed by a payout and queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks import signals
from referral_blocks.core import queue
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.services import post_transfer
from referral_blocks.payouts.models import PayoutState
from referral_blocks.payouts.services import confirm_payout, create_payout, move_payout
from referral_blocks.rewards.models import Reward, RewardState
from referral_blocks.rewards.services import approve_if_clear, move_reward

from .clawback import netted_from, post_netting
from .send_payout import settle_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SEND_TASK = "referral_blocks.flows.tasks.send_payout"


def approve_and_pay_if_clear(*, reward: Reward, actor: User | None = None) -> bool:
    """Approve the reward if its last reason is gone and queue its payout, all in one transaction; False otherwise."""
    with transaction.atomic():
        if not approve_if_clear(reward=reward, actor=actor):
            return False
        post_transfer(
            key=_approval_key(reward),
            kind="reward_approved",
            program_id=reward.program_id,
            person_id=reward.person_id,
            amount=reward.amount,
            debit=Account.PENDING,
            credit=Account.PAYABLE,
        )
        netted = netted_from(reward)
        payout = create_payout(reward=reward, netted_minor=netted)
        post_netting(payout=payout, reward=reward, netted_minor=netted)
        move_reward(reward=reward, to=RewardState.RESERVED, reason=f"payout:{payout.pk}", actor=actor)
        confirm_payout(payout=payout, actor=actor)
        signals.send_on_commit(signals.reward_approved, reward=reward)
        if payout.amount_minor:
            queue.enqueue(SEND_TASK, payout.pk)
        else:
            move_payout(payout=payout, to=PayoutState.SENDING, reason="netted")
            settle_payout(payout=payout)
            reward.refresh_from_db(fields=["state", "issued_at"])
    return True


def _approval_key(reward: Reward) -> str:
    """One entry an approval: a reward that a won dispute brought back is approved once more."""
    times = reward.changes.filter(field="state", to_state=RewardState.APPROVED, reason="clear").count()
    return f"reward:{reward.pk}:approved" + (f":{times}" if times > 1 else "")
