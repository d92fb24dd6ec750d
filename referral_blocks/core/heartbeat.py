"""The worker's sign of life: a task that goes through the real queue and writes the time."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from . import queue
from .models import Heartbeat

WORKER = "worker"
TASK = "referral_blocks.core.heartbeat.beat"
MAX_AGE = timedelta(seconds=60)


def beat() -> None:
    """The task: note that a worker is alive now."""
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"beat_at": timezone.now()})


def age() -> timedelta | None:
    """Time since the last beat, or None when there never was one."""
    beat_at = Heartbeat.objects.filter(name=WORKER).values_list("beat_at", flat=True).first()
    return timezone.now() - beat_at if beat_at else None


def request_beat() -> None:
    """Queue one beat."""
    queue.enqueue(TASK)
