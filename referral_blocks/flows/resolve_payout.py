"""A person settles a payout that the machine cannot: its outcome is unknown, or it waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import Conflict, InvalidInput, NotPossibleNow, gathering
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.attempts import close_attempt, is_talking
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutState
from referral_blocks.payouts.provider import Outcome
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.services import move_payout

from .read_back_payout import LOOK_UP_TASK
from .send_payout import follow, lock_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User

S = PayoutState


def resolve_payout(*, payout: Payout, paid: bool, note: str, actor: User, provider_ref: str = "") -> bool:
    """``actor`` has asked the provider: it was paid (under ``provider_ref``), or it was not and its rewards go back to
    the staff's desk. False when it is settled so already. Told wrongly, it is paid twice or never: whoever calls has
    asked for a person with the right “resolve_payout”.

    For a payout whose outcome is unknown, that is parked, or that the provider accepted and never settles; nobody may
    be talking to the provider about it. Raises InvalidInput (paths ``note``, ``providerRef``), Conflict for a reference
    that another payout has, and NotPossibleNow; then nothing is written.
    """
    with gathering() as mistakes:
        with mistakes.check():
            text = clean_text(note, max_length=500, path=("note",), lines=True)
        with mistakes.check():
            ref = clean_text(provider_ref, max_length=120, path=("providerRef",), required=False)
            if ref and not paid:
                raise InvalidInput(
                    _("Give a reference only for what was paid."), code="not_used", path=("providerRef",)
                )
    target = S.PAID if paid else S.FAILED_FINAL
    with transaction.atomic():
        locked = lock_payout(payout_id=payout.pk)
        if locked.state == target:
            return False
        if refusal := why_not(payout=locked):
            raise NotPossibleNow(refusal)
        attempt = PayoutAttempt.objects.filter(payout=locked).order_by("-pk").first()
        if paid and attempt is None:
            raise NotPossibleNow(_("Its provider was never asked to pay it."))
        if ref and attempt is not None:
            _note_ref(locked, attempt, ref)
        outcome = Outcome.PAID if paid else Outcome.FAILED_FINAL
        close_attempt(payout=locked, outcome=outcome)
        if locked.state == S.CONFIRMED:
            move_payout(payout=locked, to=S.SENDING, reason="person", actor=actor)
        move_payout(payout=locked, to=target, reason="person", note=text, actor=actor)
        follow(payout=locked, outcome=outcome)
        if paid and is_registered(locked.provider) and payout_provider(locked.provider).capabilities.read_back:
            # What belongs to it, such as a gift card's link, is in the books alone.
            queue.enqueue(LOOK_UP_TASK, locked.pk)
    payout.refresh_from_db()
    return True


def why_not(*, payout: Payout) -> str:
    """Why a person may not settle the payout now, for staff; empty when they may."""
    if is_talking(payout=payout):
        return str(_("Its provider is being asked at this moment. Wait some minutes."))
    if payout.state == S.SENT and not _stays_in_house(payout.provider):
        return ""
    if payout.state == S.UNKNOWN or (payout.parked and payout.state in (S.SENDING, S.CONFIRMED, S.FAILED_RETRYABLE)):
        return ""
    return str(_("Only a payout whose outcome is unknown, or that waits for a person, is settled by hand."))


def _stays_in_house(provider: str) -> bool:
    return is_registered(provider) and payout_provider(provider).capabilities.in_house


def _note_ref(payout: Payout, attempt: PayoutAttempt, ref: str) -> None:
    others = PayoutAttempt.objects.filter(provider=attempt.provider, provider_ref=ref).exclude(pk=attempt.pk)
    if others.exists():
        raise Conflict(_("Another payout has this reference."), path=("providerRef",))
    attempt.provider_ref = payout.provider_ref = ref
    attempt.save(update_fields=["provider_ref"])
    payout.save(update_fields=["provider_ref"])
