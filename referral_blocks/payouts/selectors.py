"""Reads payouts."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils import timezone

from .models import Payout, PayoutAttempt, PayoutState


def due_payout_ids(*, limit: int) -> list[int]:
    """Payouts whose next try is due, or whose task died in the middle; oldest first."""
    now = timezone.now()
    due = Payout.objects.filter(
        state__in=(PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE, PayoutState.UNKNOWN), next_try_at__lte=now
    )
    free = PayoutAttempt.objects.filter(payout=OuterRef("pk"), leased_until__lt=now)
    stuck = Payout.objects.filter(Exists(free), state=PayoutState.SENDING)
    ids = {*due.values_list("pk", flat=True)[:limit], *stuck.values_list("pk", flat=True)[:limit]}
    return sorted(ids)[:limit]
