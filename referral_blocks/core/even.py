"""Lets an answer leave at a whole multiple of a slot of time, so that how long the work took tells nothing.

What is done for an address that is known differs from what is done for one that is not (docs/adr/0005). Both end within
the first slot; what takes longer ends at the next one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .conf import get_conf


@contextmanager
def even_answer() -> Iterator[None]:
    """Do the work, then wait until a whole number of ``EVEN_ANSWER_SECONDS`` has passed since it began, whatever became
    of it: a refusal waits as long as a success.

    It belongs outside of any transaction, around the flow that opens its own: what was written is committed before the
    wait, and nothing is locked meanwhile. It belongs behind the rate limit, so that whoever is refused there holds no
    thread, and around one address at a time: the work for many would add up to a number of slots that tells.
    """
    slot = get_conf().EVEN_ANSWER_SECONDS
    if slot <= 0:
        yield
        return
    began = time.monotonic()
    try:
        yield
    finally:
        slots = max(1, math.ceil((time.monotonic() - began) / slot))
        time.sleep(max(0.0, began + slots * slot - time.monotonic()))
