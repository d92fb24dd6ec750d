"""The API on a server of its own, as in production: gunicorn over the demo's data, which tell months of a business."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.processes import ROOT, free_port, wait_for

CSRF = "x" * 32  # any text that a browser would have been given
SETTINGS = "tests.external.api_settings"


@dataclass(frozen=True, slots=True)
class Api:
    """``world``: who may call (``key`` and ``referrer``: bearers; ``session``: the administrator's) and texts that name
    something; ``log``: what the server has said."""

    url: str
    world: dict[str, Any]
    log: Path
    environment: dict[str, str]

    def callers(self) -> dict[str, dict[str, str]]:
        """What each kind of caller sends to be known."""
        staff = {
            "Cookie": f"sessionid={self.world['session']}; csrftoken={CSRF}", "X-CSRFToken": CSRF,
            "Sec-Fetch-Site": "same-origin",
        }  # fmt: skip
        return {
            "anonymous": {},
            "referrer": {"Authorization": f"Bearer {self.world['referrer']}"},
            "key": {"Authorization": f"Bearer {self.world['key']}"},
            "staff": staff,
        }


@contextmanager
def running_api(folder: Path, database_url: str = "") -> Iterator[Api]:
    """Filled, then served by gunicorn alone: no worker writes meanwhile. SQLite, where no database is named."""
    data, port, log = folder / "data", free_port(), folder / "web.log"
    env = {**os.environ, "DATA_DIR": str(data), "PORT": str(port), "DJANGO_SETTINGS_MODULE": SETTINGS, "DEBUG": "0"}
    env.pop("DATABASE_URL", None)
    if database_url:
        env["DATABASE_URL"] = database_url
    seed = [sys.executable, "-m", "tests.external.seed"]
    said = subprocess.run(seed, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    world = json.loads(said.stdout.splitlines()[-1])
    gunicorn = [sys.executable, "-m", "gunicorn", "cms.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    with log.open("w") as out:
        web = subprocess.Popen(
            [*gunicorn, "--worker-class", "gthread", "--threads", "4", "--no-control-socket"],
            cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(url), seconds=120, why=f"gunicorn does not answer, see {log}")
            yield Api(url + "/graphql/", world, log, env)
        finally:
            web.terminate()
            web.wait(30)


def _answers(url: str) -> bool:
    try:
        return requests.get(url + "/healthz", timeout=30).status_code == 200
    except requests.RequestException:
        return False
