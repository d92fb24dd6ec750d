"""`make test`: the whole suite on SQLite and on a PostgreSQL that comes from a wheel; arguments go to pytest.

Both run at once where there is a core for each. Without arguments a third run does the others beside them, in turn: the
*patient* tests, which wait for processes that they kill, on SQLite and then on a PostgreSQL of their own, and what
a browser draws, on SQLite alone. What is not shown at once is printed when it is over.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .postgres import postgres

TESTS = Path(__file__).parent
REST = ["-m", "not patient and not drawn"]


def aside(marker: str, files: Iterable[Path]) -> list[str]:
    """pytest's arguments for these files alone: to look through all of them takes as long as some tests. The rest is
    what migrates."""
    return ["-m", marker, "--no-migrations", *sorted(map(str, files))]


def patient() -> list[str]:
    return aside("patient", [file for file in TESTS.rglob("test_*.py") if "mark.patient" in file.read_text("utf-8")])


def drawn() -> list[str]:
    """As tests/conftest.py says; what a page looks like is no matter of the database."""
    return aside("drawn", [TESTS / "looks", *TESTS.rglob("test_*in_browser.py")])


class Run:
    """One pytest run, begun; ``database_url`` None is SQLite. It writes to a file of its own, or to where we write."""

    def __init__(self, name: str, database_url: str | None, arguments: list[str], *, shown: bool = False) -> None:
        env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        if database_url:
            env["DATABASE_URL"] = database_url
        self.name = name
        self.kept: IO[bytes] | None = None if shown else tempfile.TemporaryFile()  # noqa: SIM115 - closed when told
        if shown:
            say(name)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            env=env,
            stdout=self.kept,
            stderr=subprocess.STDOUT if self.kept else None,
        )

    def wait(self) -> int:
        """pytest's exit code; 0 when all passed."""
        return self.process.wait()

    def tell(self) -> None:
        """Print what was kept."""
        if self.kept is None:
            return
        say(self.name)
        self.kept.seek(0)
        sys.stdout.buffer.write(self.kept.read())
        sys.stdout.flush()
        self.kept.close()


def say(name: str) -> None:
    print(f"\n=== {name} ===", flush=True)


@contextmanager
def ending(*runs: Run) -> Iterator[None]:
    """An interrupted run stops all of them; what they said is printed in any case."""
    try:
        yield
    except BaseException:
        for run in runs:
            run.process.terminate()
            run.wait()
        raise
    finally:
        for run in runs:
            run.tell()


def side_by_side(url: str, arguments: list[str]) -> int:
    """0 when all passed."""
    if arguments:
        runs = [
            Run("SQLite, with PostgreSQL beside it", None, arguments, shown=True),
            Run("PostgreSQL", url, arguments),
        ]
        with ending(*runs):
            return max([run.wait() for run in runs])
    with postgres() as other_url:
        runs = [Run("SQLite, with all else beside it", None, REST, shown=True), Run("PostgreSQL", url, REST)]
        codes = []
        with ending(*runs):
            for name, at, which in (
                ("SQLite, patient", None, patient()),
                ("PostgreSQL, patient", other_url, patient()),
                ("SQLite, drawn", None, drawn()),
            ):
                run = Run(name, at, which)
                with ending(run):
                    codes.append(run.wait())
            return max([*codes, *(run.wait() for run in runs)])


def one_by_one(url: str, arguments: list[str]) -> int:
    """0 when both runs passed."""
    return max([Run(name, at, arguments, shown=True).wait() for name, at in (("SQLite", None), ("PostgreSQL", url))])


def main(arguments: list[str]) -> int:
    """Side by side, unless there is one core or the runs measure (``ONE_BY_ONE``)."""
    alone = (os.cpu_count() or 1) < 2 or bool(os.environ.get("ONE_BY_ONE"))
    with postgres() as url:
        return (one_by_one if alone else side_by_side)(url, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
