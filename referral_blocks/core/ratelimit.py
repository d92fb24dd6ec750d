"""Rate limits per caller, counted where REFERRAL_BLOCKS["RATE_LIMIT_STORAGE"] says."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock

from django.utils.translation import gettext_lazy as _
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from .conf import get_conf
from .errors import DomainError

MEMORY = "memory://"
logger = logging.getLogger(__name__)


class TooManyRequests(DomainError):
    """The caller has to wait."""

    code = "rate_limited"


class LocalWindows:
    """A sliding window counted in this process: the present window's count and what still weighs of the one before.

    The library's own memory storage starts a thread and looks through all callers again and again; this forgets a whole
    window at once, and costs a visit through a link next to nothing.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[tuple[str, int], tuple[int, dict[str, int], dict[str, int]]] = {}

    def hit(self, item: RateLimitItem, purpose: str, caller: str, *, cost: int = 1) -> bool:
        """Count one request, as ``cost``; False, and nothing counted, above the limit."""
        with self._lock:
            _ends, used, now = self._used(item, purpose, caller)
            if used + cost > item.amount:
                return False
            now[caller] = now.get(caller, 0) + cost
            return True

    def get_window_stats(self, item: RateLimitItem, purpose: str, caller: str) -> tuple[float, int]:
        """When the present window ends, and what is left of the limit until then."""
        with self._lock:
            ends, used, _now = self._used(item, purpose, caller)
        return ends, max(0, item.amount - used)

    def _used(self, item: RateLimitItem, purpose: str, caller: str) -> tuple[float, int, dict[str, int]]:
        seconds = item.get_expiry()
        number, into = divmod(time.time(), seconds)
        at, now, before = self._windows.get((purpose, seconds), (-1, {}, {}))
        if at != number:
            now, before = {}, now if at == number - 1 else {}
            self._windows[purpose, seconds] = (int(number), now, before)
        used = int(before.get(caller, 0) * (1 - into / seconds)) + now.get(caller, 0)
        return (number + 1) * seconds, used, now


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has: ``remaining`` of ``limit`` a window of ``window`` seconds; more is there in ``reset`` seconds.
    ``admitted`` is False when the last try was too much."""

    admitted: bool
    limit: int
    window: int
    remaining: int
    reset: int


@cache
def _limiter(storage: str) -> LocalWindows | SlidingWindowCounterRateLimiter:
    if storage == MEMORY:
        return LocalWindows()
    return SlidingWindowCounterRateLimiter(storage_from_string(storage, wrap_exceptions=True))


_item = cache(parse)


def check_rate(purpose: str, caller: str, *, limit: str) -> None:
    """Count one request of ``caller`` for ``purpose``; raises TooManyRequests above ``limit`` (such as "10/minute")."""
    conf = get_conf()
    if not conf.RATE_LIMITS_ENABLED:
        return
    try:
        admitted = _limiter(conf.RATE_LIMIT_STORAGE).hit(_item(limit), purpose, caller)
    except StorageError:
        # A limit that cannot count must not close the site.
        logger.exception("Rate limits cannot be counted")
        return
    if not admitted:
        raise TooManyRequests(_("Too many tries. Wait a few minutes, then try again."))


def spend(purpose: str, caller: str, *, limit: str, cost: int) -> Allowance | None:
    """Count ``cost`` against the caller's ``limit`` (such as "600/minute"); say what is left, or that it was too much.
    None where limits are off or cannot be counted."""
    conf = get_conf()
    if not conf.RATE_LIMITS_ENABLED:
        return None
    item = _item(limit)
    try:
        limiter = _limiter(conf.RATE_LIMIT_STORAGE)
        admitted = limiter.hit(item, purpose, caller, cost=cost)
        ends, remaining = limiter.get_window_stats(item, purpose, caller)
    except StorageError:
        logger.exception("Rate limits cannot be counted")
        return None
    window = item.get_expiry()
    # What was refused has room only after as much has drained away.
    wait = ends - time.time() if admitted else max(ends - time.time(), window * cost / item.amount)
    return Allowance(admitted, item.amount, window, max(0, remaining), max(1, math.ceil(wait)))
