"""Keyed hashes of network addresses are kept for a while only."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from referral_blocks.core.conf import get_conf
from referral_blocks.links.services import forget_addresses as of_visits
from referral_blocks.referrals.services import forget_addresses as of_referrals

LIMIT = 100_000  # a run; the next one goes on


def forget_addresses() -> int:
    """Blank the hashes that are older than IP_HASH_DAYS; returns how many. Late or twice, the result is the same."""
    before = timezone.now() - timedelta(days=get_conf().IP_HASH_DAYS)
    return of_visits(before=before, limit=LIMIT) + of_referrals(before=before, limit=LIMIT)
