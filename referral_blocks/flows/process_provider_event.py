"""A provider's message is worked on: it says where to look; what has happened is read from the provider."""

from __future__ import annotations

import logging

from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.selectors import payout_by_reference
from referral_blocks.webhooks.models import ProviderEvent
from referral_blocks.webhooks.services import IGNORED, claim_event, finish_event, forget_events, requeue_events

from .read_back_payout import read_back_payout
from .refresh_payout_account import refresh_payout_account

logger = logging.getLogger(__name__)
BATCH = 500
PATIENCE = 4  # tries for a message about a payout whose answer may be on its way still


def process_provider_event(*, event_id: int) -> str | None:
    """One try; returns what it came to, or None when it is done already or comes again later. Safe to run twice, also
    at the same time, and in any order: what it leads to reads the state anew."""
    event = claim_event(event_id=event_id)
    if event is None:
        return None
    result = _work_on(event)
    if result is not None:
        finish_event(event=event, result=result)
    return result


def _work_on(event: ProviderEvent) -> str | None:
    if event.account and not (event.provider_ref or event.payout_id):
        if not PayoutAccount.objects.filter(provider=event.provider, reference=event.account).exists():
            return _later(event)  # its reference may not be written down yet
        return "ready" if refresh_payout_account(provider=event.provider, reference=event.account) else "not ready"
    payout = payout_by_reference(provider=event.provider, ref=event.provider_ref, payout_id=event.payout_id)
    if payout is None:
        return _later(event) if event.provider_ref or event.payout_id else IGNORED
    return _read_back(event, payout)


def _read_back(event: ProviderEvent, payout: Payout) -> str | None:
    said = read_back_payout(payout_id=payout.pk)
    if said is not None:
        return f"read:{said}"
    busy = PayoutAttempt.objects.filter(payout=payout, leased_until__isnull=False).exists()
    return _later(event) if busy else IGNORED


def _later(event: ProviderEvent) -> str | None:
    return IGNORED if event.tries >= PATIENCE else None


def resume_events() -> int:
    """Queue the messages whose task was lost or is due again; returns how many."""
    return requeue_events(limit=BATCH)


def forget_old_events() -> int:
    """Delete what is too old to be asked about; returns how many."""
    total = 0
    while deleted := forget_events(limit=BATCH):
        total += deleted
    return total
