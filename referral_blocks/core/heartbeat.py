"""The worker's sign of life: a task that goes through the real queue and writes the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.utils import timezone

from . import queue
from .models import Heartbeat

WORKER = "worker"
TASK = "referral_blocks.core.heartbeat.beat"
MAX_AGE = timedelta(seconds=60)
EVERY = timedelta(seconds=5)  # no more than one write in so long


def beat() -> None:
    """The task: note that a worker is alive now."""
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"beat_at": timezone.now()})


def proves_life(task: Callable[[int], None]) -> Callable[[int], None]:
    """A task that came to its end is a beat, too: behind a long queue the beats of their own wait like everybody."""

    @wraps(task)
    def wrapper(pk: int) -> None:
        task(pk)
        Heartbeat.objects.filter(name=WORKER, beat_at__lt=timezone.now() - EVERY).update(beat_at=timezone.now())

    return wrapper


def age() -> timedelta | None:
    """Time since the last beat, or None when there never was one."""
    beat_at = Heartbeat.objects.filter(name=WORKER).values_list("beat_at", flat=True).first()
    return timezone.now() - beat_at if beat_at else None


def request_beat() -> None:
    """Queue one beat."""
    queue.enqueue(TASK)
