"""`manage.py referral_worker`: the supervised queue worker of a host site."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from referral_blocks.core.heartbeat import forget_old
from referral_blocks.core.queue import sync_schedules
from referral_blocks.core.supervisor import Supervisor
from referral_blocks.flows.tasks import SCHEDULES


class Command(BaseCommand):
    help = "Runs the queue worker, replaces it when it hangs, and stops cleanly on SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--beat-every", type=float, default=Supervisor.beat_every, help="seconds between beats")
        parser.add_argument(
            "--stale-after",
            type=float,
            default=Supervisor.stale_after,
            help="seconds without a beat after which the cluster is replaced; more than the queue's time-out",
        )
        parser.add_argument(
            "--grace", type=float, default=Supervisor.grace, help="seconds that running tasks have to end after SIGTERM"
        )
        parser.add_argument(
            "--longest-wait",
            type=float,
            default=Supervisor.longest_wait,
            help="seconds at most before a cluster that dies again and again is started once more",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sync_schedules(SCHEDULES)
        forget_old()
        command = [sys.executable, sys.argv[0], "qcluster"]
        given = {name: options[name] for name in ("beat_every", "stale_after", "grace", "longest_wait")}
        Supervisor(command, **given).run()
