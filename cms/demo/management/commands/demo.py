"""`manage.py demo`: migrate, load, serve and work, in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections

from cms.demo.load import Demo, demo_file, load_demo
from referral_blocks.core.children import start_child, stop_child

HOST = "127.0.0.1"
START_SECONDS = 60
GRACE_SECONDS = 20


class Command(BaseCommand):
    help = "Runs the demo site on PORT with its data in DATA_DIR; Ctrl-C stops web and worker."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)  # what the demo writes holds log-ins and people
        port: int = settings.PORT
        data = Path(settings.DATA_DIR)
        _require_free(port)
        logs = _folders(data)
        try:
            connection.ensure_connection()
        except DatabaseError as error:
            raise CommandError(f"The database cannot be reached: {str(error).strip().splitlines()[0]}") from error
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0)
        demo = load_demo(port=port, file=demo_file())
        connections.close_all()
        with (logs / "web.log").open("ab") as web_log, (logs / "worker.log").open("ab") as worker_log:
            self._serve(port, demo, web_log, worker_log, logs)

    def _serve(self, port: int, demo: Demo, web_log: IO[bytes], worker_log: IO[bytes], logs: Path) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        env = {"DJANGO_SETTINGS_MODULE": "cms.settings.dev", "DEBUG": "0", "PYTHONUNBUFFERED": "1"}
        web = start_child(_web_command(port), env=env, log=web_log)
        work = [sys.executable, sys.argv[0], "referral_worker", "--grace", str(GRACE_SECONDS / 2)]
        worker = start_child(work, env=env, log=worker_log)
        children = {"web": web, "worker": worker}
        try:
            self.stdout.write("Starting web and worker …")
            if _wait_until_ready(port, children, stopping):
                self.stdout.write(_welcome(demo, logs))
            while not stopping.wait(0.5):
                _require_alive(children, logs)
        finally:
            self.stdout.write("Stopping …")
            for child in reversed(children.values()):
                child.terminate()
            for child in reversed(children.values()):
                stop_child(child, grace=GRACE_SECONDS)


def _web_command(port: int) -> list[str]:
    gunicorn = [sys.executable, "-m", "gunicorn", "cms.wsgi:application", "--bind", f"{HOST}:{port}"]
    return [*gunicorn, "--worker-class", "gthread", "--workers", "1", "--threads", "8", "--no-control-socket"]


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Choose another one: make demo PORT=8001"
            ) from error


def _folders(data: Path) -> Path:
    try:
        for name in ("logs", "mail", "media"):
            (data / name).mkdir(parents=True, exist_ok=True)
        (data / ".writable").touch()
        (data / ".writable").unlink()
    except OSError as error:
        raise CommandError(
            f"The folder {data} cannot be written ({error.strerror}). Choose another one with DATA_DIR=…."
        ) from error
    return data / "logs"


def _require_alive(children: dict[str, subprocess.Popen[bytes]], logs: Path) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise CommandError(f"The {name} process ended (code {child.returncode}). See {logs / name}.log")


def _wait_until_ready(port: int, children: dict[str, subprocess.Popen[bytes]], stopping: threading.Event) -> bool:
    """True when web and worker answer; False when we were told to stop meanwhile."""
    for _second in range(START_SECONDS * 2):
        _require_alive(children, Path(settings.DATA_DIR) / "logs")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            if stopping.wait(0.5):
                return False
    raise CommandError(f"The site was not ready within {START_SECONDS} seconds. See {settings.DATA_DIR}/logs")


def _welcome(demo: Demo, logs: Path) -> str:
    lines = {
        "Landing page": demo.landing_url,
        "Share page": demo.share_url,
        "A friend’s link": demo.link,
        "Admin": f"{demo.admin_url}   {demo.admin_username} / {demo.admin_password}",
        "GraphQL": demo.graphql_url,
        "API key": demo.api_key,
        "Mail, logs": f"{logs.parent}/mail, {logs}",
    }
    body = "\n".join(f"  {name:<16}{value}" for name, value in lines.items())
    return f"\nThe demo is ready ({demo_file()} says all this to programs).\n\n{body}\n\nCtrl-C stops it."
