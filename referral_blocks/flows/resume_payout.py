"""A person lets a payout go on that the machine has parked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.attempts import is_forgotten, live_attempt
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.services import unpark

from .pay_reward import SEND_TASK
from .read_back_payout import LOOK_UP_TASK
from .send_payout import lock_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def resume_payout(*, payout: Payout, note: str, actor: User) -> None:
    """Let a parked payout go on: looked up where the provider's books can be read, else sent, with the same key while
    it may be used. Raises InvalidInput with path ``note``, and NotPossibleNow for one that is not parked, or whose key
    the provider may have forgotten and whose books cannot be read; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        locked = lock_payout(payout_id=payout.pk)
        if not locked.parked:
            raise NotPossibleNow(_("It does not wait for a person."))
        reads = is_registered(locked.provider) and payout_provider(locked.provider).capabilities.read_back
        attempt = live_attempt(payout=locked)
        if not is_registered(locked.provider):
            raise NotPossibleNow(_("This way of paying is no longer set up: say what became of it."))
        if attempt is not None and not reads and is_forgotten(attempt=attempt, now=timezone.now()):
            raise NotPossibleNow(
                _("Sending it again might pay it twice. Ask the provider, then say whether it was paid.")
            )
        unpark(payout=locked, note=text, actor=actor)
        queue.enqueue(LOOK_UP_TASK if reads and attempt is not None else SEND_TASK, locked.pk)
    payout.refresh_from_db()
