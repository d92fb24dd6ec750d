"""A payout is taken out of a run that is not confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.runs import OPEN, exclude_person, lock_run
from referral_blocks.payouts.services import cancel

from .announce_payout import announce_payout
from .clawback import free_rewards
from .send_payout import lock_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def exclude_from_run(*, payout: Payout, actor: User | None, note: str) -> bool:
    """Take a draft out of its run: its rewards are approved again and stay for the next run; False when it was taken
    out before. Without ``actor`` it is a system that takes it out: nothing is paid by that.

    Everything of its person stays out of this run from now on. Raises InvalidInput with path ``note``, and
    NotPossibleNow once the run is confirmed.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    with transaction.atomic():
        payout = lock_payout(payout_id=payout.pk)
        run = payout.run
        if run is not None:
            # Nobody who holds a run's lock waits for a payout that is there already.
            lock_run(run=run)
            # Not what was cancelled for another reason: what its person earns until then would be gathered.
            if payout.state == PayoutState.CANCELLED and payout.person_id in run.excluded:
                return False
        if run is None or run.state not in OPEN or payout.state != PayoutState.DRAFT:
            raise NotPossibleNow(_("This payout is no draft of an open run, so that it cannot be taken out."))
        cancel(payout=payout, reason="excluded", note=text, actor=actor)
        announce_payout(Kind.PAYOUT_CANCELLED, payout)
        free_rewards(payout=payout, reason=f"payout:{payout.pk}")
        exclude_person(run=run, person_id=payout.person_id)
    return True
