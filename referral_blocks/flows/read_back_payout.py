"""A payout is looked up in its provider's own books: claim, commit, read, record. Nothing is sent."""

from __future__ import annotations

import logging

from django.db import transaction

from referral_blocks.payouts.books import claim_look_up, record_look_up
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutState
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.registry import is_registered, payout_provider

from .send_payout import follow, lock_payout, request_of, where
from .tell_owner import tell_gift_card_ready

logger = logging.getLogger(__name__)
LOOK_UP_TASK = "referral_blocks.flows.tasks.read_back_payout"


def read_back_payout(*, payout_id: int) -> str | None:
    """One look-up; returns what the books say, or None when there was nothing to ask. Safe to run twice, also at the
    same time, and safe for a payout in any state: one that is proven not to be there gets a new attempt with a new key
    the next time that it is sent, never a blind second send.
    """
    payout = Payout.objects.select_related("person").get(pk=payout_id)
    if not is_registered(payout.provider):
        logger.error("Payout %s: no provider “%s” is configured", payout.public_id, payout.provider)
        return None
    attempt = claim_look_up(payout=payout)
    if attempt is None:
        return None
    result = _look_up(attempt)
    with transaction.atomic():
        attempt.payout = lock_payout(payout_id=payout_id)
        outcome = record_look_up(attempt=attempt, result=result)
        if outcome is not None:
            follow(payout=attempt.payout, outcome=outcome)
        elif attempt.payout.state == PayoutState.PAID:
            # A person had settled it, and its gift card has come only now.
            tell_gift_card_ready(payout=attempt.payout)
    return str(result.outcome)


def _look_up(attempt: PayoutAttempt) -> PayoutResult:
    ref = attempt.provider_ref or attempt.payout.provider_ref
    try:
        return payout_provider(attempt.provider).look_up(request_of(attempt=attempt), provider_ref=ref)
    except Exception as error:  # noqa: BLE001 - logged without its words
        logger.error("Payout %s: %s cannot be asked: %s", attempt.payout.public_id, attempt.provider, where(error))
        return PayoutResult(Outcome.UNKNOWN, message="no answer")
