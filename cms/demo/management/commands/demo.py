"""`manage.py demo`: migrate, load, serve, work and stand in for payment providers, in the foreground, until Ctrl-C."""

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
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from wagtail.models import Site

from cms.demo import providers
from cms.demo.activity import load_activity
from cms.demo.load import ADMIN, Demo, demo_file, demo_programs, load_demo
from referral_blocks.core.children import start_child, stop_child

Children = dict[str, subprocess.Popen[bytes]]
HOST = "127.0.0.1"
START_SECONDS = 60
REAL = "the provider’s own test system, with your key (it cannot send messages to this machine)"
GRACE_SECONDS = 20


class Command(BaseCommand):
    help = "Runs the demo site on PORT with its data in DATA_DIR; Ctrl-C stops web and worker."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)  # what the demo writes holds log-ins and people
        port: int = settings.PORT
        data = Path(settings.DATA_DIR)
        _require_free(port)
        providers.require_test_keys()
        logs = _folders(data)
        try:
            connection.ensure_connection()
        except DatabaseError as error:
            raise CommandError(f"The database cannot be reached: {str(error).strip().splitlines()[0]}") from error
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0)
        stand_ins = providers.choose_providers(data=data, port=port)
        addresses = {f"{name}_sandbox": stand_in.url for name, stand_in in stand_ins.items()}
        demo = load_demo(port=port, file=demo_file(), **addresses)
        connections.close_all()
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        # The stand-ins end last: a payout that is being sent still gets its answer.
        with (
            (logs / "sandbox.log").open("ab") as log,
            providers.running(stand_ins, data=data, port=port, log=log) as sandboxes,
        ):
            # With keys of somebody's own it would be their test system that is told the story.
            if os.environ.get("DEMO_ACTIVITY", "1") != "0" and len(stand_ins) == len(providers.PROVIDERS):
                self.stdout.write("Telling what has happened so far …")
                site = Site.objects.get(is_default_site=True)
                load_activity(programs=demo_programs(site), admin=ADMIN, base_url=demo.base_url)
                connections.close_all()
            self._serve(port, demo, logs, sandboxes, stopping)

    def _serve(self, port: int, demo: Demo, logs: Path, sandboxes: Children, stopping: threading.Event) -> None:
        env = {"DJANGO_SETTINGS_MODULE": "cms.settings.dev", "DEBUG": "0", "PYTHONUNBUFFERED": "1"}
        work = [sys.executable, sys.argv[0], "referral_worker", "--grace", str(GRACE_SECONDS / 2)]
        web, stream = _free_ports(2)
        commands = {
            "web": _web_command(web),
            "stream": _stream_command(stream),
            "front": _front_command(port, web, stream),
            "worker": work,
        }
        children = {}
        for name, command in commands.items():
            with (logs / f"{name}.log").open("ab") as log:
                children[name] = start_child(command, env=env, log=log)
        try:
            self.stdout.write("Starting web and worker …")
            if _wait_until_ready(port, children | sandboxes, stopping):
                self.stdout.write(_welcome(demo, logs))
            while not stopping.wait(0.5):
                _require_alive(children | sandboxes, logs)
        finally:
            self.stdout.write("Stopping …")
            for child in reversed(children.values()):
                child.terminate()
            for child in reversed(children.values()):
                stop_child(child, grace=GRACE_SECONDS)


def _web_command(port: int) -> list[str]:
    gunicorn = [sys.executable, "-m", "gunicorn", "cms.wsgi:application", "--bind", f"{HOST}:{port}"]
    return [*gunicorn, "--worker-class", "gthread", "--workers", "1", "--threads", "8", "--no-control-socket"]


def _stream_command(port: int) -> list[str]:
    gunicorn = [sys.executable, "-m", "gunicorn", "cms.asgi:application", "--bind", f"{HOST}:{port}"]
    return [*gunicorn, "--worker-class", "asgi", "--workers", "1", "--graceful-timeout", "1", "--no-control-socket"]


def _front_command(port: int, web: int, stream: int) -> list[str]:
    front = [sys.executable, "-m", "cms.demo.front", "--port", str(port)]
    return [*front, "--web", str(web), "--stream", str(stream)]


def _free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on."""
    probes = [socket.socket() for _number in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


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


def _require_alive(children: Children, logs: Path) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            log = logs / f"{name.split()[-1]}.log"
            raise CommandError(f"The {name} process ended (code {child.returncode}). See {log}")


def _wait_until_ready(port: int, children: Children, stopping: threading.Event) -> bool:
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
        "Paid in cash": f"{demo.business_share_url} (another programme: Stripe and Runa)",
        "Account credit": f"{demo.software_share_url} (another business, in another theme)",
        "Stripe": demo.stripe_sandbox + " (sandbox: no real money)" if demo.stripe_sandbox else REAL,
        "Runa": demo.runa_sandbox + " (sandbox: no real money)" if demo.runa_sandbox else REAL,
        "Admin": f"{demo.admin_url}   {demo.admin_username} / {demo.admin_password}",
        "GraphQL": demo.graphql_url,
        "API key": demo.api_key,
        "Mail, logs": f"{logs.parent}/mail, {logs}",
    }
    body = "\n".join(f"  {name:<16}{value}" for name, value in lines.items())
    return f"\nThe demo is ready ({demo_file()} says all this to programs).\n\n{body}\n\nCtrl-C stops it."
