"""A real cluster is hurt in the ways that a machine hurts it, and works on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from referral_blocks.core import heartbeat, queue
from referral_blocks.core.models import Heartbeat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def beats_after(moment: float) -> Callable[[], bool]:
    def seen() -> bool:
        beat = Heartbeat.objects.filter(name=heartbeat.WORKER).first()
        return beat is not None and beat.beat_at.timestamp() > moment

    return seen


@pytest.fixture
def worker(tmp_path):
    """A supervised worker on the test's own database, impatient so that the test is not long."""
    name = connection.settings_dict["NAME"]
    url = os.environ.get("DATABASE_URL", "")
    url = url.replace("/postgres?", f"/{name}?") if connection.vendor == "postgresql" else f"sqlite:///{name}"
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "cms.settings.dev",
        "SECRET_KEY": settings.SECRET_KEY,
    }
    command = [sys.executable, str(MANAGE), "referral_worker", "--beat-every", "1", "--stale-after", "8"]
    log = (tmp_path / "worker.log").open("wb")
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=MANAGE.parent)
    yield psutil.Process(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    print((tmp_path / "worker.log").read_text()[-4000:])


def cluster_of(worker: psutil.Process) -> list[psutil.Process]:
    """The cluster's main process and all that it started."""
    main = worker.children()[0]
    return [main, *main.children(recursive=True)]


def test_a_hurt_cluster_is_replaced_and_a_stop_leaves_nothing_behind(worker):
    wait_for(beats_after(0))
    assert Client().get("/readyz").status_code == 200

    # An idle worker killed while it holds the queue's lock: all of them, since which one holds it is chance.
    first = cluster_of(worker)
    for process in first[2:]:
        process.kill()
    wait_for(beats_after(time.time()))

    # The cluster's main process killed: its orphans go on and have to be ended with it.
    second = cluster_of(worker)
    second[0].kill()
    wait_for(lambda: bool(worker.children()) and worker.children()[0].pid != second[0].pid)
    wait_for(beats_after(time.time()))
    assert not [p for p in second if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    last = cluster_of(worker)
    worker.terminate()
    assert worker.wait(60) == 0
    assert not [p for p in last if p.is_running()]


def test_a_cluster_that_is_busy_with_a_long_queue_is_left_alone(worker):
    wait_for(beats_after(0))
    main = worker.children()[0].pid
    for _ in range(24):
        queue.enqueue("time.sleep", 1)  # no task of ours: it proves no life, and the beats wait behind it
    start = time.time()
    wait_for(lambda: queue.waiting_count() < 3)
    assert time.time() - start > 9  # two workers: longer than the supervisor waits for a beat
    assert worker.children()[0].pid == main


def test_a_task_that_came_to_its_end_is_a_beat():
    heartbeat.beat()
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=30))
    heartbeat.proves_life(lambda pk: None)(1)
    assert heartbeat.age() < timedelta(seconds=5)


def test_a_task_that_failed_is_none():
    heartbeat.beat()
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=30))
    with pytest.raises(ZeroDivisionError):
        heartbeat.proves_life(lambda pk: 1 // 0)(1)
    assert heartbeat.age() > timedelta(seconds=25)


def test_schedules_are_made_once_however_often_a_worker_starts():
    from referral_blocks.flows.tasks import SCHEDULES

    for _ in range(2):
        queue.sync_schedules(SCHEDULES)
    from django_q.models import Schedule

    assert sorted(Schedule.objects.values_list("name", flat=True)) == sorted(job.name for job in SCHEDULES)
