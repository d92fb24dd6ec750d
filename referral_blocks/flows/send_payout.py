"""A payout is sent through its provider: claim, commit, talk, record."""

from __future__ import annotations

import logging

from django.db import transaction

from referral_blocks import signals
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import POINTS, Money
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.points import add_points
from referral_blocks.ledger.services import post_transfer
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutItem, PayoutState
from referral_blocks.payouts.provider import Outcome, PayoutRequest, PayoutResult
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.selectors import recipient_of
from referral_blocks.payouts.services import (
    claim_attempt,
    close_attempt,
    move_payout,
    record_result,
    rewards_in,
)
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reason, RewardState
from referral_blocks.rewards.services import move_reward

from .clawback import return_rewards

logger = logging.getLogger(__name__)
POINTS_PROVIDER = "points"  # whose payouts go to the person's points balance, not out of the house


def send_payout(*, payout_id: int) -> str | None:
    """One try; returns the outcome, or None when there was nothing to do. Safe to run twice, also at the same time.

    The attempt's key and body are committed before the provider is called; the call is made outside any transaction;
    the answer is recorded in a second one. A crash between leaves the attempt to the next try, with the same key.
    """
    payout = Payout.objects.select_related("person").get(pk=payout_id)
    if not is_registered(payout.provider):
        logger.error("Payout %s: no provider “%s” is configured", payout.public_id, payout.provider)
        return None
    try:
        attempt = claim_attempt(payout=payout)
    except InvalidInput as error:
        return _refuse(payout_id, str(error))
    if attempt is None:
        return None
    result = _ask(payout, attempt)
    with transaction.atomic():
        attempt.payout = lock_payout(payout_id=payout_id)
        if not record_result(attempt=attempt, result=result):
            return None
        follow(payout=attempt.payout, outcome=result.outcome)
    return str(result.outcome)


def follow(*, payout: Payout, outcome: Outcome) -> None:
    """What an answer that was recorded means for the ledger and for the rewards; in its transaction."""
    if outcome in (Outcome.PAID, Outcome.ACCEPTED):
        _post(payout, "sent", Account.PAYABLE, Account.IN_TRANSIT)
    if outcome == Outcome.PAID:
        _issue(payout)
    elif outcome == Outcome.FAILED_FINAL:
        return_rewards(payout=payout)
    elif outcome == Outcome.NEEDS_ACTION:
        return_rewards(payout=payout, until=Reason.PAYOUT_DETAILS)


def _refuse(payout_id: int, message: str) -> str | None:
    """The provider is known to refuse it: it fails before a word is said."""
    with transaction.atomic():
        payout = lock_payout(payout_id=payout_id)
        if payout.state not in (PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE):
            return None
        move_payout(payout=payout, to=PayoutState.SENDING, reason="checked")
        move_payout(payout=payout, to=PayoutState.FAILED_FINAL, reason="refused", note=message)
        follow(payout=payout, outcome=Outcome.FAILED_FINAL)
    return str(Outcome.FAILED_FINAL)


def lock_payout(*, payout_id: int) -> Payout:
    """The payout, locked after the standings and rewards that it is about; inside a transaction only.

    A payout never changes its rewards, but for giving all of them free, so that reading them first is safe.
    """
    lock_rewards(ids=PayoutItem.objects.filter(payout=payout_id, released=False).values_list("reward_id", flat=True))
    return Payout.objects.select_for_update(of=("self",)).select_related("person").get(pk=payout_id)


def settle_payout(*, payout: Payout) -> bool:
    """→ paid: the provider or a person says that the recipient has it, or it was netted to nothing; False when it was
    paid before.

    Inside the caller's transaction, which holds the payout's lock. A payout whose answer is still on its way counts as
    sent: whoever has the reward in hand knows better. Raises NotPossibleNow for one that nobody has begun to send.
    """
    if payout.state == PayoutState.PAID:
        return False
    _post(payout, "sent", Account.PAYABLE, Account.IN_TRANSIT)
    close_attempt(payout=payout)
    if not move_payout(payout=payout, to=PayoutState.PAID, reason="settled"):
        return False
    _issue(payout)
    return True


def _issue(payout: Payout) -> None:
    if payout.provider == POINTS_PROVIDER and payout.currency == POINTS:
        _post(payout, "paid", Account.IN_TRANSIT, Account.POINTS)
        if payout.amount_minor:
            add_points(
                key=f"payout:{payout.pk}",
                program_id=payout.program_id,
                person_id=payout.person_id,
                points=payout.amount_minor,
            )
    else:
        _post(payout, "paid", Account.IN_TRANSIT, Account.PAID_OUT)
    for reward in rewards_in(payout=payout):
        move_reward(reward=reward, to=RewardState.ISSUED, reason=f"payout:{payout.pk}")
    signals.send_on_commit(signals.payout_paid, payout=payout)


def _post(payout: Payout, step: str, debit: str, credit: str) -> None:
    if not payout.amount_minor:
        return
    post_transfer(
        key=f"payout:{payout.pk}:{step}",
        kind=f"payout_{step}",
        program_id=payout.program_id,
        person_id=payout.person_id,
        amount=payout.amount,
        debit=debit,
        credit=credit,
    )


def _ask(payout: Payout, attempt: PayoutAttempt) -> PayoutResult:
    request = PayoutRequest(
        payout_id=str(payout.public_id),
        idempotency_key=str(attempt.idempotency_key),
        amount=Money(payout.amount_minor, payout.currency),
        recipient=recipient_of(payout=payout),
        body=attempt.request,
    )
    try:
        return payout_provider(payout.provider).send(request)
    except Exception:
        # Whatever broke, the provider may have acted: only the same key may be tried again.
        logger.exception("Payout %s: no answer from provider %s", payout.public_id, payout.provider)
        return PayoutResult(Outcome.UNKNOWN, message="no answer")
