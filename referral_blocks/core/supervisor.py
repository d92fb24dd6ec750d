"""Keeps the queue's cluster alive: beats its heart through the queue itself, and replaces it when the heart stops.

A cluster whose idle worker or monitor was killed holds a lock for ever: it looks alive, runs nothing and ignores
SIGTERM. Only a task that really ran proves that it works.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, connection
from django.utils import timezone

from . import heartbeat, queue
from .children import kill_group, start_child, stop_child

logger = logging.getLogger(__name__)
TICK = 0.5  # seconds


@dataclass
class Supervisor:
    """Runs ``command`` (the cluster) until told to stop. All times are in seconds.

    ``stale_after`` has to exceed the queue's time-out, or a cluster that is merely busy is replaced.
    """

    command: Sequence[str]
    beat_every: float = 15
    stale_after: float = 180
    grace: float = 150
    stopping: threading.Event = field(default_factory=threading.Event)
    _restarts: int = 0

    def run(self) -> None:
        """Blocks until SIGTERM or SIGINT; then running tasks end and the cluster stops."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        while not self.stopping.is_set():
            cluster = start_child(self.command)
            logger.info("Cluster %s started", cluster.pid)
            self._watch(cluster)
            if self.stopping.is_set():
                stop_child(cluster, grace=self.grace)
                logger.info("Cluster %s stopped", cluster.pid)
                return
            # Killed, not asked: a cluster that has lost its lock does not hear. Its tasks are found again.
            kill_group(cluster)
            self._restarts += 1
            self.stopping.wait(min(2 ** min(self._restarts, 5), 30))

    def _ran_nothing(self) -> bool:
        """Whether no task at all has ended lately: beats wait behind a long queue, or fail with everything else."""
        try:
            last = queue.last_finished_at()
        except DatabaseError:
            return False
        return last is None or (timezone.now() - last).total_seconds() > self.stale_after

    def _watch(self, cluster: subprocess.Popen[bytes]) -> None:
        """Returns when the cluster has died, when its heart has stopped, or when we are to stop."""
        started = time.monotonic()
        last_request: float | None = None
        while not self.stopping.wait(TICK):
            if cluster.poll() is not None:
                logger.error("Cluster %s ended with code %s", cluster.pid, cluster.returncode)
                return
            now = time.monotonic()
            try:
                age = heartbeat.age()
                beaten = age is not None and (last_request is None or age.total_seconds() < now - last_request)
                # Without an answer ask again later: one beat may be lost, and each that waits costs a row.
                patience = self.beat_every if beaten else 4 * self.beat_every
                if last_request is None or now - last_request >= patience:
                    heartbeat.request_beat()
                    last_request = now
            except DatabaseError:
                logger.exception("The database does not answer")
                connection.close()
                continue
            silent = age.total_seconds() if age is not None else now - started
            if min(silent, now - started) > self.stale_after and self._ran_nothing():
                logger.error("Cluster %s has run nothing for %.0f s: replaced", cluster.pid, silent)
                return
            if beaten and silent < self.beat_every:
                self._restarts = 0
