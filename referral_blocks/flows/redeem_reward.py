"""A person has used what they received: a coupon at the checkout, a custom reward at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.rewards.limits import COUPON_METHOD
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reward, RewardState

from .step_reward import move_reward

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def redeem_reward(*, reward: Reward, note: str = "", actor: User | None = None) -> bool:
    """Issued → redeemed; False when it is so already. What its sale's refund takes back later is taken back as before.

    For coupons and for custom rewards that staff hand over: money is not redeemed, and points are by redeem_points.
    Raises InvalidInput with path ``note``, and NotPossibleNow for any other reward, and for one that was not received
    or was taken back; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), required=False, lines=True)
    with transaction.atomic():
        (reward_now,) = lock_rewards(ids=[reward.pk])
        if not _can_be_used(reward_now):
            raise NotPossibleNow(_("Only coupons and custom rewards are redeemed."))
        if reward_now.state == RewardState.CLAWED_BACK:  # back to redeemed it comes by a won dispute only
            raise NotPossibleNow(_("This reward was taken back."))
        changed = move_reward(reward=reward_now, to=RewardState.REDEEMED, reason="used", note=text, actor=actor)
    reward.refresh_from_db()
    return changed


def _can_be_used(reward: Reward) -> bool:
    if reward.method == COUPON_METHOD:
        return True
    return Handover.objects.filter(payout__items__reward=reward, payout__items__released=False).exists()
