"""A real cluster is hurt in the ways that a machine hurts it, and works on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180), pytest.mark.patient]
MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def beats_after(moment: float) -> Callable[[], bool]:
    def seen() -> bool:
        age = heartbeat.age()
        return age is not None and time.time() - age.total_seconds() > moment

    return seen


@contextmanager
def workers(folder: Path, count: int) -> Iterator[list[psutil.Process]]:
    """Supervised workers on the test's own database, impatient so that the test is not long."""
    name = connection.settings_dict["NAME"]
    url = os.environ.get("DATABASE_URL", "")
    url = url.replace("/postgres?", f"/{name}?") if connection.vendor == "postgresql" else f"sqlite:///{name}"
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "cms.settings.dev",
        "SECRET_KEY": settings.SECRET_KEY,
    }
    command = [sys.executable, str(MANAGE), "referral_worker", "--beat-every", "1", "--stale-after", "8"]
    with (folder / "worker.log").open("wb") as log:
        started = [subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=MANAGE.parent) for _ in range(count)]
        try:
            yield [psutil.Process(process.pid) for process in started]
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                process.wait(60)
    print((folder / "worker.log").read_text()[-4000:])


@pytest.fixture
def worker(tmp_path):
    with workers(tmp_path, 1) as (process,):
        yield process


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


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one cluster at a time on SQLite")
def test_a_cluster_that_hangs_is_not_hidden_by_another_that_works(tmp_path):
    with workers(tmp_path, 2) as (hurt, other):
        wait_for(lambda: Heartbeat.objects.filter(name__startswith="worker:").count() == 2)
        mains = [process.children()[0].pid for process in (hurt, other)]
        for process in hurt.children()[0].children(recursive=True):
            process.suspend()  # the cluster looks alive and does nothing, and its guard replaces nobody
        wait_for(lambda: bool(hurt.children()) and hurt.children()[0].pid != mains[0])
        wait_for(lambda: Heartbeat.objects.filter(name__startswith="worker:").count() == 3)
        assert other.children()[0].pid == mains[1]


def test_each_cluster_has_a_row_of_its_own_and_rows_of_old_ones_go(monkeypatch):
    for name in ("worker:a", "worker:b"):
        monkeypatch.setenv(heartbeat.CLUSTER, name)
        heartbeat.mark_alive()
        heartbeat.mark_alive()  # a second later at the earliest: a busy cluster does not write all the time
    assert list(Heartbeat.objects.order_by("name").values_list("name", flat=True)) == ["worker:a", "worker:b"]
    Heartbeat.objects.filter(name="worker:a").update(beat_at=timezone.now() - timedelta(days=2))
    assert heartbeat.age("worker:a") > timedelta(days=1) > heartbeat.age()
    heartbeat.forget_old()
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["worker:b"]


def test_schedules_are_made_once_however_often_a_worker_starts():
    from referral_blocks.flows.tasks import SCHEDULES

    for _ in range(2):
        queue.sync_schedules(SCHEDULES)
    from django_q.models import Schedule

    assert sorted(Schedule.objects.values_list("name", flat=True)) == sorted(job.name for job in SCHEDULES)
