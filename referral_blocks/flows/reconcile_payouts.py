"""Our payouts beside each provider's own list, daily and on demand: every difference is reported, none repaired."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from referral_blocks import signals
from referral_blocks.core.conf import get_conf
from referral_blocks.payouts.comparing import CLOCKS, compare
from referral_blocks.payouts.reconciliation import Reconciliation
from referral_blocks.payouts.registry import payout_provider

from .each import for_each
from .send_payout import where

logger = logging.getLogger(__name__)
DAYS = 3  # each day is compared three times: what settles late is seen


def reconcile_all() -> int:
    """Compare with every provider whose books can be read; returns how many. One that fails stops no other."""
    aliases = [alias for alias in get_conf().PAYOUT_PROVIDERS if payout_provider(alias).capabilities.read_back]
    return sum(for_each(aliases, lambda alias: bool(reconcile_payouts(provider=alias))))


def reconcile_payouts(*, provider: str, since: datetime | None = None) -> Reconciliation:
    """One comparison since ``since`` (None: three days ago); its differences are rows of their own. It changes no
    payout and no money. A list that cannot be read to its end is reported, too. Raises NotSupported."""
    start = since or timezone.now() - timedelta(days=DAYS)
    # The list is read from a little earlier, so that two clocks do not make a difference.
    reconciliation = Reconciliation.objects.create(provider=provider, since=start - CLOCKS)
    found = 0
    try:
        listed = payout_provider(provider).sent_since(reconciliation.since)
        found = compare(reconciliation=reconciliation, listed=listed)
    except Exception as error:  # noqa: BLE001 - logged without its words
        logger.error("Payouts of %s could not be compared: %s", provider, where(error))
        Reconciliation.objects.filter(pk=reconciliation.pk).update(error=type(error).__name__)
    reconciliation.refresh_from_db()
    if found or reconciliation.error:
        if found:
            logger.error("%d payouts of %s differ from its own list", found, provider)
        signals.send_on_commit(signals.reconciliation_differs, reconciliation=reconciliation)
    return reconciliation
