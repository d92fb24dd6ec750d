"""The site as it runs in production, on the test's database, for the time of a measurement."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from tests.processes import ROOT, free_port, wait_for

from .database import database_url


@contextmanager
def server(data: Path, *, threads: int) -> Iterator[int]:
    """gunicorn with threads and the production settings; its port."""
    port = free_port()
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(data),
        "SECRET_KEY": settings.SECRET_KEY,  # so that it knows the tokens that the test makes
        "ALLOWED_HOSTS": "localhost",
        "BASE_URL": "https://localhost",
        "DEFAULT_FROM_EMAIL": "referrals@example.com",
        "TRUSTED_PROXIES": "1",
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "gunicorn", "cms.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    options = ["--worker-class", "gthread", "--workers", "1", "--threads", str(threads), "--keep-alive", "60"]
    process = subprocess.Popen([*command, *options], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(port), seconds=60, why="the server did not start")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            return response.status == 200
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False
