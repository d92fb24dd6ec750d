"""`make test`: the whole suite on SQLite and on a PostgreSQL that comes from a wheel; arguments go to pytest.

Both run at once where there is a core for each; what PostgreSQL's run says is printed once SQLite's is over.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import IO

from .postgres import postgres


def start(database_url: str | None, arguments: list[str], output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """One pytest run, begun; it writes to ``output`` or to where we write."""
    env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    if database_url:
        env["DATABASE_URL"] = database_url
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT if output else None)


def say(name: str) -> None:
    print(f"\n=== {name} ===", flush=True)


def side_by_side(url: str, arguments: list[str]) -> int:
    """0 when both runs passed. An interrupted run stops both."""
    with tempfile.TemporaryFile() as kept:
        second = start(url, arguments, kept)
        try:
            say("SQLite, with PostgreSQL beside it")
            first = start(None, arguments).wait()
            second.wait()
        except BaseException:
            second.terminate()
            second.wait()
            raise
        finally:
            say("PostgreSQL")
            kept.seek(0)
            sys.stdout.buffer.write(kept.read())
            sys.stdout.flush()
    return first or second.returncode


def one_by_one(url: str, arguments: list[str]) -> int:
    """0 when both runs passed."""
    say("SQLite")
    first = start(None, arguments).wait()
    say("PostgreSQL")
    return first or start(url, arguments).wait()


def main(arguments: list[str]) -> int:
    """Side by side, unless there is one core or the runs measure (``ONE_BY_ONE``)."""
    alone = (os.cpu_count() or 1) < 2 or bool(os.environ.get("ONE_BY_ONE"))
    with postgres() as url:
        return (one_by_one if alone else side_by_side)(url, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
