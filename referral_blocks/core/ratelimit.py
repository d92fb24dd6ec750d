"""Rate limits per caller, counted where REFERRAL_BLOCKS["RATE_LIMIT_STORAGE"] says."""

from __future__ import annotations

import logging
from functools import cache

from django.utils.translation import gettext_lazy as _
from limits import parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from .conf import get_conf
from .errors import DomainError

logger = logging.getLogger(__name__)


class TooManyRequests(DomainError):
    """The caller has to wait."""

    code = "rate_limited"


@cache
def _limiter(storage: str) -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(storage_from_string(storage, wrap_exceptions=True))


def check_rate(purpose: str, caller: str, *, limit: str) -> None:
    """Count one request of ``caller`` for ``purpose``; raises TooManyRequests above ``limit`` (such as "10/minute")."""
    conf = get_conf()
    if not conf.RATE_LIMITS_ENABLED:
        return
    try:
        admitted = _limiter(conf.RATE_LIMIT_STORAGE).hit(parse(limit), purpose, caller)
    except StorageError:
        # A limit that cannot count must not close the site.
        logger.exception("Rate limits cannot be counted")
        return
    if not admitted:
        raise TooManyRequests(_("Too many tries. Wait a few minutes, then try again."))
