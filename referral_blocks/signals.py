"""Public signals for a host site; sent after commit. Nothing inside the plugin listens to them."""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

referrer_joined = Signal()  # referrer
referral_captured = Signal()  # referral
sale_recorded = Signal()  # sale
sale_reversed = Signal()  # reversal
reward_approved = Signal()  # reward
payout_paid = Signal()  # payout
payout_returned = Signal()  # payout: it was paid, and all of it came back
payouts_parked = Signal()  # provider, cause (“balance” or “refused”), until
reconciliation_differs = Signal()  # reconciliation
stock_low = Signal()  # rule, coupon_list (None: the rule’s own stock), left


def send_on_commit(signal: Signal, **payload: Any) -> None:
    """Tell the host once the transaction is committed; a receiver's error is logged by Django and stops nobody."""
    transaction.on_commit(partial(signal.send_robust, sender=None, **payload))
