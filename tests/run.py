"""`make test`: the whole suite on SQLite, then on a PostgreSQL that comes from a wheel; arguments go to pytest."""

from __future__ import annotations

import os
import subprocess
import sys

from .postgres import postgres


def run(name: str, database_url: str | None, arguments: list[str]) -> int:
    """One pytest run; returns its exit code."""
    print(f"\n=== {name} ===", flush=True)
    env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    if database_url:
        env["DATABASE_URL"] = database_url
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=env, check=False).returncode


def main(arguments: list[str]) -> int:
    """0 when both runs passed."""
    first = run("SQLite", None, arguments)
    with postgres() as url:
        second = run("PostgreSQL", url, arguments)
    return first or second


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
