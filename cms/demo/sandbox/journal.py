"""The books on disk: one JSON line a commit, appended, so that a restart keeps the truth about money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

Change = tuple[str, Any]


class Journal:
    """Changes gathered while a request runs, written as one line when it commits. Without a file it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._changes: list[Change] = []
        self._file: IO[str] | None = None

    def load(self) -> Iterator[Change]:
        """Every change of earlier runs; a last line that was cut short is dropped from the file."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        good = 0
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                good += len(line)
                yield from json.loads(line)
        with self._path.open("r+b") as file:
            file.truncate(good)
        self._file = self._path.open("a", encoding="utf-8")

    def note(self, kind: str, data: Any) -> None:
        """One change of the commit under way."""
        if self._path is not None:
            self._changes.append((kind, data))

    def commit(self) -> None:
        """Write what was noted."""
        if self._file is None or not self._changes:
            return
        self._file.write(json.dumps(self._changes, separators=(",", ":"), default=str) + "\n")
        self._file.flush()
        self._changes = []

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
