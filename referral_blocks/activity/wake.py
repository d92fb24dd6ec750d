"""Tells whoever follows the feed that there is something new: after the commit and never inside it, because PostgreSQL
lets transactions that notify commit one by one.

A wake-up says nothing but “look”. One that gets lost costs seconds: readers look by themselves from time to time.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from django.db import connections, router, transaction

from referral_blocks.core.conf import get_conf

from .models import Activity

CHANNEL = "referral_blocks_activity"
REDIS_SECONDS = 1.0  # to connect or to answer: a Redis that hangs must not hold up whoever serves the request
logger = logging.getLogger(__name__)


def wake_on_commit() -> None:
    """Wake the readers once when the caller's transaction is committed, however many rows it writes."""
    using = router.db_for_write(Activity)
    connection = connections[using]
    if connection.vendor != "postgresql" and not get_conf().ACTIVITY_REDIS:
        return  # a reader of SQLite sees the file change
    if any(hook[1] is _wake for hook in connection.run_on_commit):
        return
    transaction.on_commit(_wake, using=using, robust=True)


def _wake() -> None:
    if url := get_conf().ACTIVITY_REDIS:
        try:
            _redis(url).publish(CHANNEL, "")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, readers look by themselves
            logger.warning("Redis was not told of new activity: %s", type(error).__name__)
        return
    with connections[router.db_for_write(Activity)].cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


@lru_cache(maxsize=2)
def _redis(url: str) -> Any:
    import redis

    return redis.Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
