"""Real processes for tests: a free port, the demo, a Redis; each ends with the test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from .browser import missing

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], *, seconds: float = 60, why: str = "it did not happen") -> Any:
    """The first true answer of ``what``; fails the test after ``seconds``."""
    end = time.monotonic() + seconds
    while True:
        if answer := what():
            return answer
        assert time.monotonic() < end, why
        time.sleep(0.2)


def demo_environment(data: Path, port: int, *, empty: bool = False) -> dict[str, str]:
    """The demo on its own data; on PostgreSQL in a database of its own. It finds its tables there, except where it is
    to make them on an ``empty`` database as a newcomer's does."""
    env = _environment(data)
    env["PORT"] = str(port)
    env["DEMO_ACTIVITY"] = "0"  # figures that a test counts are its own
    if url := os.environ.get("DATABASE_URL"):
        env["DATABASE_URL"] = _create_database(url, f"demo_{port}", None if empty else migrated())
    elif not empty:
        data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(migrated(), data / "db.sqlite3")
    return env


@cache
def migrated() -> str:
    """A database as `manage.py migrate` leaves it, once a run: its file, or its name on PostgreSQL."""
    data = Path(tempfile.mkdtemp(prefix="referral-blocks-migrated-"))
    env = _environment(data)
    name = f"migrated_{os.getpid()}"
    if url := os.environ.get("DATABASE_URL"):
        env["DATABASE_URL"] = _create_database(url, name, None)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True)
    return name if url else str(data / "db.sqlite3")


def _environment(data: Path) -> dict[str, str]:
    env = {**os.environ, "DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    return env


def _create_database(url: str, name: str, like: str | None) -> str:
    """The new database's URL."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like or 'template1'}")  # type: ignore[call-overload]
    return url.replace("/postgres?", f"/{name}?")


@contextmanager
def running_demo(env: dict[str, str]) -> Iterator[tuple[dict[str, str], subprocess.Popen[str]]]:
    """`manage.py demo` as a newcomer runs it, ready for use: what demo.json says, and the process."""
    data = Path(env["DATA_DIR"])
    data.mkdir(parents=True, exist_ok=True)
    with (data / "demo.out").open("w+") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT, text=True
        )
        try:
            wait_for(
                lambda: "The demo is ready" in (data / "demo.out").read_text() or process.poll() is not None,
                seconds=300,  # on a machine that is busy with other runs
                why="the demo did not become ready",
            )
            assert process.poll() is None, (data / "demo.out").read_text()
            yield json.loads((data / "demo.json").read_text()), process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)


@contextmanager
def running_redis() -> Iterator[str]:
    """A Redis of our own on a free loopback port; skips the test where there is none on this machine."""
    program = shutil.which("redis-server")
    if program is None:
        missing("no redis-server on this machine: install the package redis-server")
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: _listens(port), seconds=10, why="Redis did not start")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
