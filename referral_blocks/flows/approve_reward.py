"""A member of staff approves a reward, or has it sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reason, Reward, RewardState

from .pay_reward import approve_and_pay_if_clear
from .step_reward import clear_reason

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def approve_reward(*, reward: Reward, actor: User | None) -> bool:
    """Take the reasons “approval” and “provider_error” away; paid at once, with a new payout, if they were the last.
    False when it was approved before.

    Raises NotPossibleNow for a reward that was cancelled.
    """
    return clear_reasons(reward=reward, reasons=(Reason.APPROVAL, Reason.PROVIDER_ERROR), actor=actor)


def clear_reasons(*, reward: Reward, reasons: tuple[str, ...], actor: User | None, note: str = "") -> bool:
    """Take these reasons to wait away, and pay the reward if they were the last; False when it had none of them. Raises
    NotPossibleNow for a reward that was cancelled."""
    with transaction.atomic():
        lock_rewards(ids=[reward.pk])
        changed = [
            clear_reason(reward=reward, reason=reason, cause="person", note=note, actor=actor) for reason in reasons
        ]
        if reward.state == RewardState.VOID:
            raise NotPossibleNow(_("This reward was cancelled."))
        approve_and_pay_if_clear(reward=reward, actor=actor)
    return any(changed)
