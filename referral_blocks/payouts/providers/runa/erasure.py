"""Takes a person's gift cards away: without its link a card is only an order in the books."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from .models import GiftCard


def unseen_cards(*, person_id: int, since: datetime | None = None) -> QuerySet[GiftCard]:
    """Gift cards that work and that their owner has never looked at; ``since``: only those that came later."""
    works = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    cards = GiftCard.objects.filter(works, payout__person_id=person_id, first_shown_at=None).exclude(link=b"")
    return cards.filter(created_at__gte=since) if since else cards


def forget_links(*, person_id: int) -> None:
    """Nobody can be shown the cards any more. The orders stay: by them the provider's books are compared."""
    GiftCard.objects.filter(payout__person_id=person_id).update(link=b"")
