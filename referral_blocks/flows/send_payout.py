"""A payout is sent through its provider: claim, commit, talk, record."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import POINTS
from referral_blocks.ledger.models import Account, LedgerEntry
from referral_blocks.ledger.points import add_points
from referral_blocks.ledger.services import post_transfer
from referral_blocks.payouts.attempts import (
    CannotAsk,
    call_off,
    claim_attempt,
    close_attempt,
    live_attempt,
    record_result,
)
from referral_blocks.payouts.models import Parked, Payout, PayoutAttempt, PayoutItem, PayoutState
from referral_blocks.payouts.parking import end_parking, park_provider
from referral_blocks.payouts.policy import StopCause
from referral_blocks.payouts.provider import Outcome, PayoutRequest, PayoutResult
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.selectors import recipient_of
from referral_blocks.payouts.services import move_payout, park, rewards_in
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reason, RewardState

from .announce_payout import announce_payout
from .announce_points import announce_points
from .clawback import free_rewards, is_in_doubt, look_again, return_rewards
from .step_reward import move_reward
from .tell_owner import tell_code_ready, tell_gift_card_ready
from .tell_staff import tell_staff_later

if TYPE_CHECKING:
    from django.contrib.auth.models import User

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
        attempt = None if _gives_up(payout) else claim_attempt(payout=payout)
    except InvalidInput as error:
        return _refuse(payout_id, str(error))
    except CannotAsk as error:
        logger.error("Payout %s cannot be asked of %s: %s", payout.public_id, payout.provider, where(error.__cause__))
        _park(payout_id)
        return None
    if attempt is None:
        return None
    result = _ask(attempt)
    with transaction.atomic():
        attempt.payout = lock_payout(payout_id=payout_id)
        if not record_result(attempt=attempt, result=result):
            return None
        _learn(attempt.payout, result)
        follow(payout=attempt.payout, outcome=result.outcome)
    return str(result.outcome)


def _gives_up(payout: Payout) -> bool:
    """Whether the payout ends here, because the friend of one of its rewards was blocked, came under review or left
    while a try was under way that has failed for certain: it is not begun anew."""
    if payout.state != PayoutState.FAILED_RETRYABLE:
        return False
    with transaction.atomic():
        payout = lock_payout(payout_id=payout.pk)
        if payout.state != PayoutState.FAILED_RETRYABLE or live_attempt(payout=payout) is not None:
            return False
        if not any(is_in_doubt(reward=reward) for reward in rewards_in(payout=payout)):
            return False
        call_off(payout=payout, reason="review")
        announce_payout(Kind.PAYOUT_CANCELLED, payout)
        look_again(payout=payout, rewards=free_rewards(payout=payout, reason=f"payout:{payout.pk}"))
    return True


def follow(*, payout: Payout, outcome: Outcome) -> None:
    """What an answer that was recorded means for the ledger and for the rewards; in its transaction."""
    if outcome in (Outcome.PAID, Outcome.ACCEPTED):
        _post(payout, "sent", Account.PAYABLE, Account.IN_TRANSIT)
    if outcome == Outcome.ACCEPTED:
        announce_payout(Kind.PAYOUT_SENT, payout)
    elif outcome == Outcome.PAID:
        _issue(payout)
    elif outcome == Outcome.FAILED_FINAL:
        _unsend(payout)
        return_rewards(payout=payout)
        announce_payout(Kind.PAYOUT_FAILED, payout)
    elif outcome == Outcome.NEEDS_ACTION:
        return_rewards(payout=payout, until=Reason.PAYOUT_DETAILS)
        announce_payout(Kind.PAYOUT_FAILED, payout)
    elif outcome == Outcome.RETURNED:
        _come_back(payout)


def _learn(payout: Payout, result: PayoutResult) -> None:
    """What the answer says of the provider as a whole: whether it pays at all now."""
    if payout_provider(payout.provider).capabilities.in_house:
        return
    if result.outcome in (Outcome.PAID, Outcome.ACCEPTED):
        end_parking(provider=payout.provider)
    elif result.outcome == Outcome.NOT_NOW and payout.next_try_at is not None:
        cause, until = StopCause.REFUSED if result.refused else StopCause.BALANCE, payout.next_try_at
        if park_provider(provider=payout.provider, cause=cause, note=result.message, until=until):
            tell_staff_later(provider=payout.provider)
            signals.send_on_commit(signals.payouts_parked, provider=payout.provider, cause=str(cause), until=until)


def _park(payout_id: int) -> None:
    with transaction.atomic():
        payout = lock_payout(payout_id=payout_id)
        if payout.state in (PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE) and not payout.parked:
            park(payout=payout, why=Parked.BODY)


def _refuse(payout_id: int, message: str) -> str | None:
    """The provider is known to refuse it: it fails before a word is said."""
    with transaction.atomic():
        payout = lock_payout(payout_id=payout_id)
        if payout.state not in (PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE) or live_attempt(payout=payout):
            return None  # somebody was quicker, and could ask
        move_payout(payout=payout, to=PayoutState.SENDING, reason="checked")
        move_payout(payout=payout, to=PayoutState.FAILED_FINAL, reason="refused", note=message)
        close_attempt(payout=payout)
        follow(payout=payout, outcome=Outcome.FAILED_FINAL)
    return str(Outcome.FAILED_FINAL)


def lock_payout(*, payout_id: int) -> Payout:
    """The payout, locked after the standings and rewards that it is about; inside a transaction only.

    A payout never changes its rewards, but for giving all of them free, so that reading them first is safe.
    """
    lock_rewards(ids=PayoutItem.objects.filter(payout=payout_id, released=False).values_list("reward_id", flat=True))
    return Payout.objects.select_for_update(of=("self",)).select_related("person", "run").get(pk=payout_id)


def settle_payout(*, payout: Payout, actor: User | None = None) -> bool:
    """→ paid: the provider or a person (``actor``) says that the recipient has it, or it was netted to nothing; False
    when it was paid before.

    Inside the caller's transaction, which holds the payout's lock. A payout whose answer is still on its way counts as
    sent: whoever has the reward in hand knows better. Raises NotPossibleNow for one that nobody has begun to send.
    """
    if payout.state == PayoutState.PAID:
        return False
    _post(payout, "sent", Account.PAYABLE, Account.IN_TRANSIT)
    close_attempt(payout=payout)
    if not move_payout(payout=payout, to=PayoutState.PAID, reason="settled", actor=actor):
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
            announce_points(program_id=payout.program_id, person_id=payout.person_id)
    else:
        _post(payout, "paid", Account.IN_TRANSIT, Account.PAID_OUT)
    for reward in rewards_in(payout=payout):
        move_reward(reward=reward, to=RewardState.ISSUED, reason=f"payout:{payout.pk}")
        tell_code_ready(reward=reward)
    tell_gift_card_ready(payout=payout)
    announce_payout(Kind.PAYOUT_PAID, payout, signal=signals.payout_paid)


def _unsend(payout: Payout) -> None:
    """The provider had accepted it, and has not paid it after all."""
    if LedgerEntry.objects.filter(key=f"payout:{payout.pk}:sent").exists():
        _post(payout, "unsent", Account.IN_TRANSIT, Account.PAYABLE)


def _come_back(payout: Payout) -> None:
    """It was paid, and all of it came back: its rewards wait until staff have looked."""
    if any(reward.state == RewardState.RESERVED for reward in rewards_in(payout=payout)):
        # Nobody had heard yet that it was paid.
        follow(payout=payout, outcome=Outcome.PAID)
    move_payout(payout=payout, to=PayoutState.RETURNED, reason="returned")
    _post(payout, "returned", Account.PAID_OUT, Account.PAYABLE)
    return_rewards(payout=payout)
    announce_payout(Kind.PAYOUT_RETURNED, payout, signal=signals.payout_returned)


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


def request_of(*, attempt: PayoutAttempt) -> PayoutRequest:
    """What the attempt asks, the same at every try."""
    payout = attempt.payout
    return PayoutRequest(
        payout_id=str(payout.public_id),
        idempotency_key=str(attempt.idempotency_key),
        amount=payout.amount,
        recipient=recipient_of(payout=payout),
        body=attempt.request,
        tried_before=attempt.tries > 1,
    )


def _ask(attempt: PayoutAttempt) -> PayoutResult:
    try:
        result = payout_provider(attempt.provider).send(request_of(attempt=attempt))
    except Exception as error:  # noqa: BLE001 - logged without its words
        # Whatever broke, the provider may have acted: only the same key may be tried again.
        logger.error("Payout %s: no answer from %s: %s", attempt.payout.public_id, attempt.provider, where(error))
        return PayoutResult(Outcome.UNKNOWN, message="no answer")
    # What was asked to be sent has come back already: what that means, only the books say.
    return replace(result, outcome=Outcome.UNKNOWN) if result.outcome == Outcome.RETURNED else result


def where(error: BaseException | None) -> str:
    """What broke and where, without the words of the error: they may quote what was sent, or a key."""
    if error is None:
        return ""
    steps = traceback.extract_tb(error.__traceback__)
    return " < ".join([type(error).__name__, *(f"{s.name} ({s.filename}:{s.lineno})" for s in reversed(steps))])
