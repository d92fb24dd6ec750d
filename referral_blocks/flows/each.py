"""Many rows one after the other, each by itself: one that fails keeps nobody else waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

logger = logging.getLogger(__name__)
Row = TypeVar("Row")
Result = TypeVar("Result")


def for_each(rows: Iterable[Row], work: Callable[[Row], Result]) -> Iterator[Result]:
    """The result for each row; one that fails is logged and left out. ``work`` opens its own transaction."""
    for row in rows:
        try:
            yield work(row)
        except Exception:
            logger.exception("%s failed for %s", getattr(work, "__name__", work), row)
