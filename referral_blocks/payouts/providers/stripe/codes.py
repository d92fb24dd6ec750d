"""Where a promotion code goes that Stripe has made: to the reward that it was made for, as every coupon code."""

from __future__ import annotations

from referral_blocks.payouts.models import PayoutItem
from referral_blocks.rewards.coupons import keep_made_code

LIST_NAME = "Stripe promotion codes"


def keep_code(*, payout_id: str, code: str) -> None:
    """Give the code to the payout's reward; the same again changes nothing. Raises PayoutItem.DoesNotExist for a payout
    that is not in our books."""
    items = PayoutItem.objects.select_related("reward")
    item = items.filter(payout__public_id=payout_id).order_by("released", "pk").first()
    if item is None:
        raise PayoutItem.DoesNotExist(f"Payout {payout_id} has no reward")
    keep_made_code(reward=item.reward, list_name=LIST_NAME, code=code)
