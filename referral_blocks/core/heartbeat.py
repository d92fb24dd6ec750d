"""A worker's sign of life: a task that came all the way through a cluster – fetched, run, its result kept – writes the
time. Each cluster has a row of its own, so that one that works never hides another that hangs."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from django.utils import timezone

from . import queue
from .models import Heartbeat

WORKER = "worker"  # the row of a cluster that nobody supervises
CLUSTER = "REFERRAL_BLOCKS_CLUSTER"  # the variable by which a supervisor tells its cluster the name of its row
TASK = "referral_blocks.core.heartbeat.beat"
MAX_AGE = timedelta(seconds=60)
EVERY = 1  # second: no more than one write in so long
OLD = timedelta(days=1)

_last: dict[str, float] = {}


def beat() -> None:
    """The task: nothing to do but to come through."""


def mark_alive() -> None:
    """Note that a task has come through this cluster; called for every task, well done or failed."""
    name, now = os.environ.get(CLUSTER, WORKER), time.monotonic()
    if now - _last.get(name, -EVERY) < EVERY:
        return
    _last[name] = now
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})


def age(name: str | None = None) -> timedelta | None:
    """Time since the last sign of life of the cluster ``name``, or of any; None when there never was one."""
    beats = Heartbeat.objects.filter(name__startswith=WORKER) if name is None else Heartbeat.objects.filter(name=name)
    beat_at = beats.order_by("-beat_at").values_list("beat_at", flat=True).first()
    return timezone.now() - beat_at if beat_at else None


def forget_old() -> None:
    """Delete the rows of clusters that are gone."""
    Heartbeat.objects.filter(name__startswith=f"{WORKER}:", beat_at__lt=timezone.now() - OLD).delete()


def request_beat() -> None:
    """Queue one beat, for whichever cluster comes first."""
    queue.enqueue(TASK)
