"""Gift cards that are paid, and whose link we do not have, are looked up: their owner sees nothing before."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.payouts.models import Payout, PayoutState

from .read_back_payout import LOOK_UP_TASK

RECENT = timedelta(days=90)
BATCH = 100


def fetch_gift_cards() -> int:
    """Queue a look-up for each, such as one that a person has settled while the provider was silent; returns how many.
    Twice, it is the same: a look-up sends nothing."""
    paid = Payout.objects.filter(state=PayoutState.PAID, gift_card=None, created_at__gt=timezone.now() - RECENT)
    paid = paid.filter(person__erased_at=None)
    shown_by_us = paid.filter(items__released=False, items__reward__method_options__distribution="link")
    ids = list(shown_by_us.order_by("-pk").values_list("pk", flat=True).distinct()[:BATCH])
    for pk in ids:
        queue.enqueue(LOOK_UP_TASK, pk)
    return len(ids)
