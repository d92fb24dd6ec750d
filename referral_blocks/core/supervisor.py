"""Keeps a cluster alive: beats its heart through the queue itself, and replaces it when the heart stops. Any number of
supervised clusters work side by side on PostgreSQL.

A cluster whose idle worker or monitor was killed holds a lock for ever: it looks alive, runs nothing and ignores
SIGTERM. Only a task that really ran proves that it works.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, connection

from . import heartbeat, queue
from .children import kill_group, start_child, stop_child

logger = logging.getLogger(__name__)
TICK = 0.5  # seconds
BUSY = 50  # tasks in the queue: each of them is a sign of life when it is done


@dataclass
class Supervisor:
    """Runs ``command`` (the cluster) until told to stop. All times are in seconds.

    ``stale_after`` has to exceed the queue's time-out, or a cluster that is merely busy is replaced.
    """

    command: Sequence[str]
    beat_every: float = 15
    stale_after: float = 180
    grace: float = 150
    longest_wait: float = 30  # before a cluster that dies again and again is started once more
    stopping: threading.Event = field(default_factory=threading.Event)
    _restarts: int = 0

    def run(self) -> None:
        """Blocks until SIGTERM or SIGINT; then running tasks end and the cluster stops."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        while not self.stopping.is_set():
            # A name for each start: what is left of an earlier cluster proves nothing for this one.
            name = f"{heartbeat.WORKER}:{uuid.uuid4().hex}"
            cluster = start_child(self.command, env={heartbeat.CLUSTER: name})
            logger.info("Cluster %s started", cluster.pid)
            self._watch(cluster, name)
            if self.stopping.is_set():
                stop_child(cluster, grace=self.grace)
                logger.info("Cluster %s stopped", cluster.pid)
                return
            # Killed, not asked: a cluster that has lost its lock does not hear. Its tasks are found again.
            kill_group(cluster)
            self._restarts += 1
            self.stopping.wait(min(2 ** min(self._restarts, 10), self.longest_wait))

    def _watch(self, cluster: subprocess.Popen[bytes], name: str) -> None:
        """Returns when the cluster has died, when its heart has stopped, or when we are to stop."""
        started = time.monotonic()
        last_request: float | None = None
        while not self.stopping.wait(TICK):
            if cluster.poll() is not None:
                logger.error("Cluster %s ended with code %s", cluster.pid, cluster.returncode)
                return
            now = time.monotonic()
            try:
                age = heartbeat.age(name)
                if last_request is None or now - last_request >= self.beat_every:
                    # Another cluster may take it, so there is one each time; behind a long queue they only add to it.
                    if queue.waiting_count() < BUSY:
                        heartbeat.request_beat()
                    last_request = now
            except DatabaseError:
                logger.exception("The database does not answer")
                connection.close()
                continue
            silent = age.total_seconds() if age is not None else now - started
            if min(silent, now - started) > self.stale_after:
                logger.error("Cluster %s has run nothing for %.0f s: replaced", cluster.pid, silent)
                return
            if age is not None and silent < self.beat_every:
                self._restarts = 0
