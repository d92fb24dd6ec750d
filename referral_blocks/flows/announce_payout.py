"""What becomes of a payout is told to the outside, and to whom it pays, where they share the programme."""

from __future__ import annotations

from django.dispatch import Signal

from referral_blocks.activity.kinds import Kind
from referral_blocks.payouts.models import Payout
from referral_blocks.referrers.selectors import referrer_id_of

from .announce import announce


def announce_payout(kind: Kind, payout: Payout, *, signal: Signal | None = None) -> None:
    """In the transaction of the step."""
    referrer_id = referrer_id_of(program_id=payout.program_id, person_id=payout.person_id)
    announce(kind, payout, program=payout.program, referrer_id=referrer_id, signal=signal)
