"""Starts work in many threads at one moment, each with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


def at_once(work: Callable[[int], Any], *, threads: int) -> list[Any]:
    """Results of ``work(0…)`` in order; the first error is raised."""
    barrier = Barrier(threads)

    def one(number: int) -> Any:
        try:
            barrier.wait(30)
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))
