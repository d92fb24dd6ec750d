"""Owners hear once more of what they are about to lose: a reward not claimed, a gift card that expires."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from referral_blocks.payouts.models import PayoutState
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.rewards.models import Reward, RewardChange, RewardState

from .each import for_each
from .tell_owner import remind_to_claim, tell_gift_card_expires

BEFORE = timedelta(days=14)
BATCH = 500
REMINDED = "reminded"


def remind_gift_cards() -> int:
    """One mail each, however often it runs; returns how many owners are told now."""
    now = timezone.now()
    soon = {"expires_at__gt": now, "expires_at__lte": now + BEFORE}
    unclaimed = Reward.objects.filter(state=RewardState.APPROVED, method_options__order_at="claim", **soon)
    # One that was promised for a few days only was told of a moment ago.
    unclaimed = unclaimed.filter(created_at__lte=now - timedelta(days=1)).exclude(changes__field=REMINDED)
    cards = GiftCard.objects.filter(
        payout__state=PayoutState.PAID, reminded_at=None, created_at__lte=now - timedelta(days=1), **soon
    )
    told = [
        *for_each(unclaimed.order_by("pk").values_list("pk", flat=True)[:BATCH], _remind_to_claim),
        *for_each(cards.order_by("pk").values_list("pk", flat=True)[:BATCH], _remind_of_card),
    ]
    return sum(told)


def _remind_to_claim(pk: int) -> bool:
    with transaction.atomic():
        reward = Reward.objects.select_for_update(of=("self",), no_key=True).select_related("person").get(pk=pk)
        if reward.state != RewardState.APPROVED or reward.changes.filter(field=REMINDED).exists():
            return False
        RewardChange.objects.create(subject=reward, field=REMINDED, from_state="", to_state="mail", reason="time")
        remind_to_claim(reward=reward)
    return True


def _remind_of_card(pk: int) -> bool:
    with transaction.atomic():
        # Guarded: two clusters at once tell it once.
        if not GiftCard.objects.filter(pk=pk, reminded_at=None).update(reminded_at=timezone.now()):
            return False
        tell_gift_card_expires(card=GiftCard.objects.select_related("payout").get(pk=pk))
    return True
