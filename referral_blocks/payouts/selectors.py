"""Reads payouts."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from .models import Payout, PayoutAttempt, PayoutState


def due_payouts(*, limit: int) -> QuerySet[Payout]:
    """Payouts whose next try is due, and those whose task died in the middle (its lease is over); oldest first."""
    now = timezone.now()
    waiting = Q(state__in=(PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE, PayoutState.UNKNOWN))
    abandoned = PayoutAttempt.objects.filter(payout=OuterRef("pk"), leased_until__lt=now)
    stuck = Q(Exists(abandoned), state=PayoutState.SENDING)
    return Payout.objects.filter(waiting | stuck, next_try_at__lte=now).order_by("pk")[:limit]
