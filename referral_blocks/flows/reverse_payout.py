"""Staff take a paid payout, or part of it, back from its recipient through the provider."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.core.money import Money
from referral_blocks.core.text import clean_text
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.selectors import balance_of
from referral_blocks.ledger.services import post_transfer
from referral_blocks.payouts.models import Payout, PayoutChange, PayoutReversal, PayoutState
from referral_blocks.payouts.provider import Outcome, PayoutResult, ReversalRequest
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.reversals import (
    LIVE,
    begin_reversal,
    can_reverse,
    is_forgotten,
    left_to_reverse,
    record_reversal,
    stuck_reversals,
)
from referral_blocks.people.models import Person

from .send_payout import lock_payout, where

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)
TASK = "referral_blocks.flows.tasks.carry_out_reversal"
BATCH = 100


def reverse_payout(*, payout: Payout, note: str, actor: User, amount_minor: int | None = None) -> PayoutReversal:
    """Begin to take ``amount_minor`` (None: as much as can be) of a paid payout back; a task asks the provider.

    No more than the person owes: what is taken back is what reversed sales have left to be netted. It counts as netted
    from now on, so that no payout nets it once more; if the provider refuses, it is owed again. Raises InvalidInput
    (paths ``note``, ``amount``) and NotPossibleNow; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        locked = lock_payout(payout_id=payout.pk)
        # As where a payout nets: two at once never use the same debt.
        Person.objects.select_for_update(no_key=True).get(pk=locked.person_id)
        amount = _amount(locked, amount_minor)
        try:
            with transaction.atomic():
                reversal = begin_reversal(payout=locked, amount_minor=amount, note=text, actor=actor)
        except IntegrityError:
            raise NotPossibleNow(_("Part of it is being taken back at this moment. Wait for the answer.")) from None
        _post(reversal, "begun", Account.IN_TRANSIT, Account.CLAWBACK)
        queue.enqueue(TASK, reversal.pk)
    return reversal


def carry_out_reversal(*, reversal_id: int) -> str | None:
    """One try; returns the outcome, or None when there was nothing to do. Safe to run twice, also at the same time: the
    provider takes back once a key, and the first answer that decides is recorded."""
    reversal = PayoutReversal.objects.select_related("payout").get(pk=reversal_id)
    if reversal.outcome not in LIVE or not is_registered(reversal.payout.provider) or is_forgotten(reversal=reversal):
        return None
    result = _ask(reversal)
    with transaction.atomic():
        payout = lock_payout(payout_id=reversal.payout_id)
        if not record_reversal(reversal=reversal, result=result):
            return None
        _settle(reversal, came=result.outcome == Outcome.PAID)
        if result.outcome != Outcome.PAID:
            logger.error("Payout %s was not taken back from %s", payout.public_id, payout.provider)
    return str(result.outcome)


def resolve_reversal(*, reversal: PayoutReversal, came: bool, note: str, actor: User) -> bool:
    """``actor`` has asked the provider whether the value ``came`` back, for a reversal without an answer; False when it
    is settled already. Raises InvalidInput with path ``note``; then nothing is written."""
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        lock_payout(payout_id=reversal.payout_id)
        outcome = Outcome.PAID if came else Outcome.FAILED_FINAL
        if not record_reversal(reversal=reversal, result=PayoutResult(outcome, provider_ref=reversal.provider_ref)):
            return False
        said = f"{reversal.note}\n{actor}: {text}"
        PayoutReversal.objects.filter(pk=reversal.pk).update(note=said)
        _settle(reversal, came=came)
    reversal.refresh_from_db()
    return True


def resume_reversals() -> int:
    """Queue the reversals without an answer once more, with the same key; those whose key may be forgotten wait for a
    person. Returns how many."""
    count = 0
    for reversal in stuck_reversals(limit=BATCH):
        if not is_registered(reversal.payout.provider):
            continue
        if is_forgotten(reversal=reversal):
            _say_once(reversal)
        else:
            queue.enqueue(TASK, reversal.pk)
            count += 1
    return count


def _say_once(reversal: PayoutReversal) -> None:
    payout, why = reversal.payout, f"reversal:{reversal.pk}"
    _change, is_news = PayoutChange.objects.get_or_create(
        subject=payout, field="reversal", to_state="forgotten", reason=why, defaults={"from_state": "unknown"}
    )
    if is_news:
        logger.error(
            "Payout %s: whether %s has taken it back is unknown; a person has to ask", payout.public_id, payout.provider
        )


def _amount(payout: Payout, wanted: int | None) -> int:
    if payout.state != PayoutState.PAID or not can_reverse(payout=payout):
        raise NotPossibleNow(_("Only what was paid, by a provider that can take it back, is taken back."))
    owed = balance_of(
        program_id=payout.program_id, person_id=payout.person_id, account=Account.CLAWBACK, currency=payout.currency
    )
    most = min(left_to_reverse(payout=payout), owed)
    if most <= 0:
        raise NotPossibleNow(_("There is nothing to take back: reverse the sale first, if it was not earned."))
    amount = most if wanted is None else wanted
    if not 0 < amount <= most:
        raise InvalidInput(
            _("At most %(most)s can be taken back.") % {"most": Money(most, payout.currency)},
            code="too_much",
            path=("amount",),
        )
    return amount


def _ask(reversal: PayoutReversal) -> PayoutResult:
    payout = reversal.payout
    request = ReversalRequest(
        payout_id=str(payout.public_id),
        provider_ref=payout.provider_ref,
        idempotency_key=str(reversal.idempotency_key),
        amount=Money(reversal.amount_minor, payout.currency),
    )
    try:
        return payout_provider(payout.provider).reverse(request)
    except Exception as error:  # noqa: BLE001 - logged without its words
        logger.error("Payout %s: no answer from %s: %s", payout.public_id, payout.provider, where(error))
        return PayoutResult(Outcome.UNKNOWN, message="no answer")


def _settle(reversal: PayoutReversal, *, came: bool) -> None:
    if came:
        _post(reversal, "reversed", Account.PAID_OUT, Account.IN_TRANSIT)
    else:
        _post(reversal, "unreversed", Account.CLAWBACK, Account.IN_TRANSIT)


def _post(reversal: PayoutReversal, step: str, debit: str, credit: str) -> None:
    payout = reversal.payout
    post_transfer(
        key=f"reversal:{reversal.pk}:{step}",
        kind=f"payout_{step}",
        program_id=payout.program_id,
        person_id=payout.person_id,
        amount=Money(reversal.amount_minor, payout.currency),
        debit=debit,
        credit=credit,
    )
