"""What a provider remembers by idempotency key, and for how long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum

from .wire import Answer, to_json


class Seen(Enum):
    """What is known of a key when a request arrives."""

    NEW = "new"
    RUNNING = "running"
    OTHER_REQUEST = "other request"
    ANSWERED = "answered"


@dataclass(slots=True)
class Record:
    """One key: what was asked (a fingerprint) and, once known, what was answered."""

    fingerprint: bytes
    at: float
    answer: Answer | None = None
    running: bool = True


@dataclass(slots=True)
class Memory:
    """Keys in the order of their first use, so that forgetting is cheap. The caller holds the lock of the books."""

    name: str
    window: float
    _records: dict[str, Record] = field(default_factory=dict)

    def begin(self, key: str, fingerprint: bytes, now: float) -> tuple[Seen, Answer | None]:
        """Take a key for a request, or say why not."""
        self._forget(now)
        record = self._records.get(key)
        if record is None:
            self._records[key] = Record(fingerprint, now)
            return Seen.NEW, None
        if record.running:
            return Seen.RUNNING, None
        if record.fingerprint != fingerprint:
            return Seen.OTHER_REQUEST, None
        if record.answer is None:
            record.running = True
            return Seen.NEW, None
        return Seen.ANSWERED, record.answer

    def finish(self, key: str, answer: Answer) -> None:
        """The outcome that every later request with this key gets."""
        record = self._records[key]
        record.answer, record.running = answer, False

    def release(self, key: str, *, keep_request: bool = False) -> None:
        """No outcome to remember; ``keep_request`` still refuses other parameters under this key."""
        if keep_request:
            self._records[key].running = False
        else:
            self._records.pop(key, None)

    def put(self, key: str, fingerprint: bytes, at: float, answer: Answer) -> None:
        """A record from an earlier run of the stand-in."""
        self._records[key] = Record(fingerprint, at, answer, running=False)

    def at(self, key: str) -> float:
        """When the key was first used."""
        return self._records[key].at

    def __len__(self) -> int:
        return len(self._records)

    def _forget(self, now: float) -> None:
        while self._records:
            key, record = next(iter(self._records.items()))
            if record.running or now - record.at < self.window:
                return
            del self._records[key]


def fingerprint(*parts: object) -> bytes:
    """Equal for equal requests, whatever the order of their parameters."""
    return hashlib.sha256(to_json([_sorted(part) for part in parts])).digest()[:16]


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value
