"""Somebody has been in touch with a friend who left their details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.text import clean_text
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import nurture

from .announce import announce

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def nurture_referral(*, referral: Referral, note: str = "", actor: User | None = None) -> bool:
    """Captured → nurturing at the first contact, a mail of a sequence (no ``actor``) or a call by staff; False at every
    later one. It changes nothing else: the friend has as long to buy, and earns the same.

    Raises InvalidInput with path ``note``, and NotPossibleNow for a friend who is or was a customer, or has left the
    programme; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), required=False, lines=True)
    with transaction.atomic():
        if not nurture(referral=referral, note=text, actor=actor):
            return False
        announce(Kind.REFERRAL_NURTURED, referral, program=referral.program, referrer_id=referral.referrer_id)
    return True
