"""`manage.py referral_worker`: the supervised queue worker of a host site."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

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

    def handle(self, *args: Any, **options: Any) -> None:
        sync_schedules(SCHEDULES)
        command = [sys.executable, sys.argv[0], "qcluster"]
        Supervisor(
            command, beat_every=options["beat_every"], stale_after=options["stale_after"], grace=options["grace"]
        ).run()
