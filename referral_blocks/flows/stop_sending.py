"""Staff stop the sending of payouts at once, of everything or of one provider, and resume it; nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.policy import EVERYTHING, StopCause
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.stops import lift_stop, set_stop

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RESUME_TASK = "referral_blocks.flows.tasks.resume_work"


def stop_sending(*, provider: str, actor: User, note: str) -> bool:
    """From now on no payout of ``provider`` (``"*"``: of any) is begun; False when a person has stopped it before.

    What a provider is being asked at this moment comes to its end, and its answer is recorded; everything else waits.
    Raises InvalidInput (paths ``provider``, ``note``); then nothing is written.
    """
    _check(provider)
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    return set_stop(provider=provider, cause=StopCause.PERSON, note=text, actor=actor)


def resume_sending(*, provider: str, actor: User, note: str) -> bool:
    """Take the stop away, whoever has set it; what has waited is queued at once. False when nothing was stopped.

    Raises InvalidInput with path ``note``; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        if not lift_stop(provider=provider, note=text, actor=actor):
            return False
        queue.enqueue(RESUME_TASK)
    return True


def _check(provider: str) -> None:
    if provider == EVERYTHING:
        return
    if not is_registered(provider):
        raise InvalidInput(_("There is no such way of paying."), code="unknown_method", path=("provider",))
    if payout_provider(provider).capabilities.in_house:
        raise InvalidInput(
            _("Nothing of this leaves the house: there is nothing to stop."), code="not_used", path=("provider",)
        )
