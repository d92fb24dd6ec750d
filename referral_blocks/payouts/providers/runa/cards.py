"""Keeps the gift cards that were ordered, and opens them for their owner."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.crypto import decrypt, encrypt, encrypt_anew
from referral_blocks.payouts.models import Payout

from .models import GiftCard

logger = logging.getLogger(__name__)


@sensitive_variables("url")
def keep_card(*, payout_id: str, order_ref: str, url: str, expires_at: datetime | None) -> GiftCard:
    """The payout's gift card, written once: the same order heard of again changes nothing."""
    card, created = GiftCard.objects.get_or_create(
        payout=Payout.objects.get(public_id=payout_id),
        defaults={"order_ref": order_ref, "link": encrypt(url), "expires_at": expires_at},
    )
    if not created and card.order_ref != order_ref:
        logger.error("Payout %s has the order %s, and %s besides", payout_id, card.order_ref, order_ref)
    return card


def link_of(card: GiftCard) -> str:
    """The link itself: money for whoever holds it. Raises CannotDecrypt."""
    return decrypt(card.link)


def encrypt_cards_anew() -> Iterator[GiftCard]:
    """Put every card under the newest key, one after the other. Raises CannotDecrypt."""
    # An erased person's card has no link any more.
    for card in GiftCard.objects.exclude(link=b"").order_by("pk").iterator():
        GiftCard.objects.filter(pk=card.pk).update(link=encrypt_anew(card.link))
        yield card
