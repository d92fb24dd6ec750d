"""What becomes of a payout is told to the outside, and to the referrer whose rewards it pays."""

from __future__ import annotations

from django.dispatch import Signal

from referral_blocks.activity.kinds import Kind
from referral_blocks.payouts.models import Payout, PayoutItem

from .announce import announce


def announce_payout(kind: Kind, payout: Payout, *, signal: Signal | None = None) -> None:
    """In the transaction of the step."""
    # Whoever it belonged to: a payout that was given up has let go of its rewards by now.
    items = PayoutItem.objects.filter(payout=payout).order_by("pk")
    referrer_id = items.values_list("reward__referrer_id", flat=True).first()
    announce(kind, payout, program=payout.program, referrer_id=referrer_id, signal=signal)
