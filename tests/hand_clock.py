"""A clock that stands still, unless somebody sleeps or asks the database: how long an answer takes is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from referral_blocks.core import even

SLOT = 0.5
STATEMENT = 1 / 256  # seconds; with it all sums are exact


class HandClock:
    """``slept`` is what each wait was, and ``held`` how many transactions of the work's own were open meanwhile."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.held: list[int] = []
        self._around = 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.held.append(len(connection.savepoint_ids) - self._around)
        self.now += seconds

    @contextmanager
    def timing(self) -> Iterator[list[float]]:
        """How long what is done inside takes is in the list afterwards: what it asks the database, and its waits."""
        began, took = self.now, []
        self._around = len(connection.savepoint_ids)  # a test is in transactions of its own

        def statement(execute: Callable[..., Any], *given: Any) -> Any:
            self.now += STATEMENT
            return execute(*given)

        with connection.execute_wrapper(statement):
            yield took
        took.append(self.now - began)


def use_hand_clock(settings: Any, monkeypatch: Any, *, slot: float = SLOT) -> HandClock:
    """The clock by which answers are even from now on, with slots of ``slot`` seconds."""
    clock = HandClock()
    monkeypatch.setattr(even, "time", clock)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "EVEN_ANSWER_SECONDS": slot}
    return clock
