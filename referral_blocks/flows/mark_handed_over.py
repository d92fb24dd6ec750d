"""Staff have handed a custom reward over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotPossibleNow, gathering
from referral_blocks.core.text import clean_text
from referral_blocks.fraud.selectors import side_states
from referral_blocks.payouts.models import PayoutState
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward

from .send_payout import lock_payout, settle_payout

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


NOT_PAID = (PayoutState.FAILED_FINAL, PayoutState.CANCELLED, PayoutState.RETURNED)


def mark_handed_over(*, handover: Handover, actor: User | None, note: str = "", proof: str = "") -> bool:
    """Note who handed it over and when, and settle the payout; False when it was noted before, and nothing changes.
    ``proof`` is what shows it: a receipt’s or tracking number, or a link. Without ``actor`` it is a system that says
    so, such as the shop’s till; the payout’s audit row names it.

    Raises InvalidInput (paths ``note``, ``proof``), and NotPossibleNow for a reward that its owner is no longer to
    have; then nothing is written.
    """
    with gathering() as mistakes:
        with mistakes.check():
            text = clean_text(note, max_length=500, path=("note",), required=False, lines=True)
        with mistakes.check():
            shown = clean_text(proof, max_length=500, path=("proof",), required=False)
    with transaction.atomic():
        # Referrals come first in the order of locks: nobody is blocked between the look and the handover.
        referrals = Referral.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        list(referrals.filter(pk__in=_rewards(handover).values("referral_id")))
        payout = lock_payout(payout_id=handover.payout_id)
        if not Handover.objects.filter(pk=handover.pk, handed_over_at=None).exists():
            handover.refresh_from_db()
            return False
        if refusal := why_not(handover=Handover.objects.get(pk=handover.pk)):
            raise NotPossibleNow(refusal)
        changed = Handover.objects.filter(pk=handover.pk, handed_over_at=None).update(
            handed_over_at=timezone.now(), handed_over_by=actor, note=text, proof=shown
        )
        if changed:
            settle_payout(payout=payout, actor=actor)
    handover.refresh_from_db()
    return bool(changed)


def why_not(*, handover: Handover) -> str | Promise:
    """Why it is not to be handed over, for staff; empty when it may be."""
    if handover.payout.state in NOT_PAID:
        return _("Do not hand it over: it was settled as not paid. What is still owed comes back once approved.")
    rewards = [item.reward for item in handover.payout.items.all() if not item.released]
    if rewards and all(reward.clawed_minor >= reward.amount_minor for reward in rewards):
        return _("Do not hand it over: the purchase was refunded in full, so the reward is taken back.")
    if any(r.referral is not None and r.side in side_states(referral=r.referral).blocked for r in rewards):
        return _("Do not hand it over: this side of the referral was blocked.")
    return ""


def _rewards(handover: Handover) -> QuerySet[Reward]:
    return Reward.objects.filter(payout_items__payout=handover.payout_id, payout_items__released=False)
