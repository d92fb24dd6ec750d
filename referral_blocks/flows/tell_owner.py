"""Mails to the owner of a reward: what it waits for them to do, and that it is there. Each is asked for in the
transaction that makes it true."""

from __future__ import annotations

from django.utils import timezone

from referral_blocks.emails.compose import (
    CODE_READY,
    GIFT_CARD_EXPIRING,
    GIFT_CARD_READY,
    PAYOUT_DETAILS,
    REWARD_TO_CLAIM,
)
from referral_blocks.emails.services import request_email
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.services import rewards_in
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.selectors import coupon_of


def tell_details_needed(*, reward: Reward) -> None:
    """Where shall it go? One mail a month, however many rewards wait for the answer."""
    key = f"payout_details:{reward.method}:{reward.person_id}:{timezone.now():%Y-%m}"
    _ask(key, PAYOUT_DETAILS, reward)


def tell_to_claim(*, reward: Reward) -> None:
    _ask(f"reward:{reward.pk}:to_claim", REWARD_TO_CLAIM, reward)


def remind_to_claim(*, reward: Reward) -> None:
    _ask(f"reward:{reward.pk}:to_claim:last", REWARD_TO_CLAIM, reward)


def tell_gift_card_ready(*, payout: Payout) -> None:
    """A gift card was bought for a payout that is paid; nothing for other payouts, nor where the provider mails it."""
    if not is_registered(payout.provider) or payout_provider(payout.provider).capabilities.in_house:
        return
    if not GiftCard.objects.filter(payout=payout).exists():
        return
    for reward in rewards_in(payout=payout)[:1]:
        if reward.method_options.get("distribution") != "email":
            _ask(f"payout:{payout.pk}:gift_card", GIFT_CARD_READY, reward)


def tell_code_ready(*, reward: Reward) -> None:
    """It was issued just now as a code of its own; nothing for other rewards."""
    if coupon_of(reward=reward) is not None:
        _ask(f"reward:{reward.pk}:code", CODE_READY, reward)


def tell_gift_card_expires(*, card: GiftCard) -> None:
    for reward in rewards_in(payout=card.payout)[:1]:
        _ask(f"payout:{card.payout_id}:gift_card:last", GIFT_CARD_EXPIRING, reward)


def mail_new_link(*, reward: Reward, kind: str) -> None:
    """The link that they have is too old; one mail a day."""
    _ask(f"reward:{reward.pk}:link:{timezone.now():%Y-%m-%d}", kind, reward)


def _ask(key: str, kind: str, reward: Reward) -> None:
    request_email(key=key, kind=kind, person=reward.person, subject_id=reward.pk)
