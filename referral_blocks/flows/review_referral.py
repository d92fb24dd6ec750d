"""A member of staff decides about a flagged referral."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks.core.text import clean_text
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.services import post_transfer
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reason, Reward, RewardState
from referral_blocks.rewards.services import clear_reason, move_reward

from .pay_reward import approve_and_pay_if_clear

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def review_referral(*, referral: Referral, approve: bool, note: str, actor: User) -> bool:
    """Approve: its rewards wait for the review no longer. Block: its waiting rewards are cancelled.

    False when it was decided so before. Raises InvalidInput with path ``note`` and NotPossibleNow for a referral that
    is not flagged.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        to = Review.APPROVED if approve else Review.BLOCKED
        if not set_review(referral=referral, to=to, reason="person", note=text, actor=actor):
            return False
        for reward in Reward.objects.filter(referral=referral, state=RewardState.PENDING).order_by("pk"):
            if approve:
                clear_reason(reward=reward, reason=Reason.REVIEW, cause="person", note=text, actor=actor)
                approve_and_pay_if_clear(reward=reward, actor=actor)
            elif move_reward(reward=reward, to=RewardState.VOID, reason="blocked", actor=actor):
                post_transfer(
                    key=f"reward:{reward.pk}:void",
                    kind="reward_void",
                    program_id=reward.program_id,
                    person_id=reward.person_id,
                    amount=reward.amount,
                    debit=Account.PENDING,
                    credit=Account.EXPENSE,
                )
    return True
