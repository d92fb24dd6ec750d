"""Staff have handed a custom reward over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from referral_blocks.core.text import clean_text
from referral_blocks.payouts.providers.manual.models import Handover

from .send_payout import lock_payout, settle_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def mark_handed_over(*, handover: Handover, actor: User, note: str = "") -> bool:
    """Note who handed it over and when, and settle the payout; False when it was noted before, and nothing changes.

    Raises InvalidInput with path ``note`` and NotPossibleNow.
    """
    text = clean_text(note, max_length=500, path=("note",), required=False, lines=True)
    with transaction.atomic():
        payout = lock_payout(payout_id=handover.payout_id)
        changed = Handover.objects.filter(pk=handover.pk, handed_over_at=None).update(
            handed_over_at=timezone.now(), handed_over_by=actor, note=text
        )
        if changed:
            settle_payout(payout=payout)
    handover.refresh_from_db()
    return bool(changed)
