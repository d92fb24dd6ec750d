"""A member of staff ends a reward's hold early."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_blocks.core.text import clean_text
from referral_blocks.rewards.models import Reason, Reward

from .approve_reward import clear_reasons

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def release_hold(*, reward: Reward, actor: User, note: str) -> bool:
    """End the hold before its time, for a reason that is written down; paid at once, if it was the last to go. False
    when it was over before. Raises InvalidInput with path ``note``, and NotPossibleNow for a reward that was cancelled.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    return clear_reasons(reward=reward, reasons=(Reason.HOLD,), actor=actor, note=text)
