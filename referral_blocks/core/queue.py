"""The only file that knows django-q2: how work is enqueued, scheduled and watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signals import post_execute
from django_q.tasks import async_task

from .models import Heartbeat

SCHEDULES = "schedules"  # the row that whoever writes schedules locks


@dataclass(frozen=True, slots=True)
class Job:
    """Work that comes round: a name that is unique, the dotted path of a task, and how often it runs."""

    name: str
    task: str
    minutes: int


def enqueue(task: str, *args: Any) -> None:
    """Queue the task at dotted path ``task``. The row is written in the caller's transaction: a rollback takes it back.

    Arguments are ids and other plain values. A task may run twice, also at the same time, and has to bear it.
    """
    async_task(task, *args, task_name=task.rsplit(".", 1)[-1])


def sync_schedules(jobs: Iterable[Job]) -> None:
    """Create or correct the schedule rows of ``jobs``; running it again, or twice at once, changes nothing."""
    with transaction.atomic():
        # Names of schedules are not unique in the database: workers that start at one moment take turns.
        Heartbeat.objects.get_or_create(name=SCHEDULES, defaults={"beat_at": timezone.now()})
        Heartbeat.objects.select_for_update().get(name=SCHEDULES)
        for job in jobs:
            fixed = {"func": job.task, "schedule_type": Schedule.MINUTES, "minutes": job.minutes, "repeats": -1}
            Schedule.objects.update_or_create(
                name=job.name, defaults=fixed, create_defaults={**fixed, "next_run": timezone.now()}
            )


def waiting_count() -> int:
    """How many tasks are queued, running ones included."""
    return OrmQ.objects.count()


def forget_results(words: Iterable[str]) -> int:
    """Delete the results of failed tasks that hold one of ``words``, such as an address in an error's text; returns how
    many. Arguments are ids, so that waiting tasks name nobody."""
    wanted = [word.lower() for word in words if word]
    if not wanted:
        return 0
    failed = Task.objects.filter(success=False).only("pk", "result").iterator()
    found = [task.pk for task in failed if any(word in str(task.result).lower() for word in wanted)]
    return Task.objects.filter(pk__in=found).delete()[0]


def when_done(call: Callable[[], None]) -> None:
    """``call`` is called in the cluster's monitor after each task whose result was kept and acknowledged."""
    post_execute.connect(lambda **_kwargs: call(), weak=False, dispatch_uid="referral_blocks.when_done")


def longest_task() -> int | None:
    """Seconds after which a task is ended, wherever it is; None when it never is."""
    return getattr(settings, "Q_CLUSTER", {}).get("timeout")


def configuration_problems() -> list[str]:
    """What is wrong with Q_CLUSTER for work that moves money, as sentences; empty when all is well."""
    conf: dict[str, Any] = getattr(settings, "Q_CLUSTER", {})
    problems = []
    if str(conf.get("orm")) not in connections:
        problems.append('Q_CLUSTER["orm"] has to name the site’s database: other brokers lose tasks that were running.')
    timeout, retry = conf.get("timeout"), conf.get("retry", 60)
    workers, limit = conf.get("workers", 1), conf.get("queue_limit", 50)
    if not timeout:
        problems.append('Q_CLUSTER["timeout"] has to be set, in seconds.')
    elif retry <= timeout * (limit + 2) / workers:
        problems.append('Q_CLUSTER["retry"] has to exceed timeout × (queue_limit + 2) / workers, or tasks run twice.')
    if not conf.get("ack_failures"):
        problems.append('Q_CLUSTER["ack_failures"] has to be True: retries are decided by this plugin’s own tables.')
    return problems
