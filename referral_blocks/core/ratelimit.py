"""Rate limits per caller, counted where REFERRAL_BLOCKS["RATE_LIMIT_STORAGE"] says."""

from __future__ import annotations

import logging
import time
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

    def hit(self, item: RateLimitItem, purpose: str, caller: str) -> bool:
        """Count one request; False, and nothing counted, above the limit."""
        seconds = item.get_expiry()
        number, into = divmod(time.time(), seconds)
        with self._lock:
            at, now, before = self._windows.get((purpose, seconds), (-1, {}, {}))
            if at != number:
                now, before = {}, now if at == number - 1 else {}
                self._windows[purpose, seconds] = (int(number), now, before)
            count = now.get(caller, 0)
            if int(before.get(caller, 0) * (1 - into / seconds)) + count >= item.amount:
                return False
            now[caller] = count + 1
            return True


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
