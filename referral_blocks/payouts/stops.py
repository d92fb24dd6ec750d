"""Writes the switch that stops sending, each turn of it with who, when and why."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from .models import Payout, PayoutState
from .policy import EVERYTHING, SendingStop, SendingStopChange, StopCause

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def set_stop(
    *, provider: str, cause: str, note: str = "", until: datetime | None = None, actor: User | None = None
) -> bool:
    """Stop one provider, or EVERYTHING; False when it is stopped so already. A person's stop stands above the
    machine's: it has no end of its own, and the machine does not change it."""
    with transaction.atomic():
        fresh = {"cause": cause, "note": note, "until": until, "stopped_by": actor}
        stop, created = SendingStop.objects.get_or_create(provider=provider, defaults=fresh)
        if not created:
            weaker = SendingStop.objects.filter(pk=stop.pk).exclude(cause=StopCause.PERSON)
            if not weaker.update(**fresh, created_at=timezone.now()):
                return False
        SendingStopChange.objects.create(provider=provider, stopped=True, cause=cause, note=note, actor=actor)
    return True


def lift_stop(*, provider: str, note: str = "", actor: User | None = None) -> bool:
    """Take the stop away; False when there is none. What has waited is due at once."""
    with transaction.atomic():
        stop = SendingStop.objects.filter(provider=provider).first()
        # Counted: of two who press at once, one has lifted it.
        if stop is None or not SendingStop.objects.filter(pk=stop.pk).delete()[0]:
            return False
        SendingStopChange.objects.create(provider=provider, stopped=False, cause=stop.cause, note=note, actor=actor)
        waiting = Q() if provider == EVERYTHING else Q(provider=provider)
        call_forward(waiting)
    return True


def call_forward(which: Q) -> int:
    """Let payouts that wait for their time, and whose outcome is known, be due now; returns how many."""
    waiting = Payout.objects.filter(
        which, state__in=(PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE), parked="", next_try_at__isnull=False
    )
    return waiting.update(next_try_at=timezone.now())
