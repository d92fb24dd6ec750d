"""Lets an answer leave at a whole multiple of a slot of time, so that how long the work took tells nothing.

What is done for an address that is known differs from what is done for one that is not (docs/adr/0005). Both end within
the first slot; what takes longer ends at the next one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from django.utils.translation import gettext_lazy as _

from .conf import get_conf
from .ratelimit import TooManyRequests


class Places:
    """How many of a process's threads wait: never all of them, however many network addresses ask."""

    def __init__(self) -> None:
        self._lock, self.taken = Lock(), 0

    @contextmanager
    def one(self, *, most: int) -> Iterator[None]:
        """Hold one meanwhile; raises TooManyRequests where ``most`` are held, if that is not 0."""
        with self._lock:
            if 0 < most <= self.taken:
                raise TooManyRequests(_("Very many people are here right now. Try again in a moment."))
            self.taken += 1
        try:
            yield
        finally:
            with self._lock:
                self.taken -= 1


PLACES = Places()


@contextmanager
def even_answer() -> Iterator[None]:
    """Do the work, then wait until a whole number of ``EVEN_ANSWER_SECONDS`` has passed since it began, whatever became
    of it: a refusal waits as long as a success. Raises TooManyRequests at once, and nothing is looked up, where as many
    wait as EVEN_ANSWERS_AT_ONCE allows.

    It belongs outside of any transaction, around the flow that opens its own: what was written is committed before the
    wait, and nothing is locked meanwhile. It belongs behind the rate limit, so that whoever is refused there holds no
    thread, and around one address at a time: the work for many would add up to a number of slots that tells.
    """
    conf = get_conf()
    if (slot := conf.EVEN_ANSWER_SECONDS) <= 0:
        yield
        return
    with PLACES.one(most=conf.EVEN_ANSWERS_AT_ONCE):
        began = time.monotonic()
        try:
            yield
        finally:
            slots = max(1, math.ceil((time.monotonic() - began) / slot))
            time.sleep(max(0.0, began + slots * slot - time.monotonic()))
