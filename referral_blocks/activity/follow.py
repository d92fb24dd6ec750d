"""Follows the feed for a whole process: one thread with one database connection, however many are interested.

It sleeps until it is woken – by PostgreSQL's LISTEN, by Redis, or because the file of SQLite has changed – and looks by
itself from time to time, so that a wake-up that got lost costs seconds and no event.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import connections, router
from django.utils import timezone

from referral_blocks.core.conf import get_conf

from .cursor import Cursor, Horizon, feed
from .models import Activity
from .wake import CHANNEL

LOOK_SECONDS = 5.0  # without a wake-up
GLANCE_SECONDS = 0.1  # at SQLite's file: microseconds each
AGAIN_SECONDS = 1.0  # after the database or Redis was away
MOST = 5_000  # rows at once; whoever follows is told to read by cursor instead
logger = logging.getLogger(__name__)

# What this snapshot sees and the last one did not, with the snapshot itself: all from one statement, so of one moment.
NEW_ROWS = """
    SELECT seen.at::text, pg_snapshot_xmin(seen.at)::text::bigint, new.id
    FROM (SELECT pg_current_snapshot() AS at) AS seen
    LEFT JOIN LATERAL (
        SELECT id FROM referral_blocks_activity
        WHERE transaction >= pg_snapshot_xmin(%(last)s::pg_snapshot)::text::bigint
        AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(last)s::pg_snapshot)
        ORDER BY transaction, id LIMIT %(most)s
    ) AS new ON true
"""


@dataclass(frozen=True, slots=True)
class News:
    """Rows that were committed since the last news, and the cursor behind them; ``rows`` is None for too many."""

    rows: Sequence[Activity] | None
    cursor: Cursor


def in_parts(news: News, *, most: int) -> Iterator[News]:
    """The same rows, at most so many at once, each part with the cursor behind it."""
    rows, cursor = news.rows or (), news.cursor
    for start in range(0, len(rows), most):
        part = rows[start : start + most]
        is_last = start + most >= len(rows)
        behind = Horizon(cursor.transaction, 0, cursor.at).between(Cursor(0, 0, cursor.at), part[-1])
        yield News(part, cursor if is_last else behind)


class Follower(threading.Thread):
    """Calls ``tell`` with every piece of news, in this thread, until it is stopped."""

    def __init__(self, tell: Callable[[News], None]) -> None:
        super().__init__(name="referral-blocks-activity", daemon=True)
        self.tell = tell
        self.ready = threading.Event()  # from now on nothing is missed
        self._ending = threading.Event()
        self._position: Any = None  # PostgreSQL: the last snapshot; SQLite: the last id
        self._version: Any = None  # of SQLite's file, as of before the last look
        self._heard: Any = None  # Redis's subscription

    def stop(self) -> None:
        """Ask it to end; it does within LOOK_SECONDS, and as a daemon never holds a process up."""
        self._ending.set()

    def run(self) -> None:
        while not self._ending.is_set():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - whatever is away comes back
                logger.warning("The feed cannot be followed now: %s", type(error).__name__)
                self._hang_up()
                self._ending.wait(AGAIN_SECONDS)
        self._hang_up()

    def _follow(self) -> None:
        connection = connections[router.db_for_write(Activity)]
        wait = self._prepare(connection)
        look = self._look_postgresql if connection.vendor == "postgresql" else self._look_sqlite
        while not self._ending.is_set():
            news = look(connection)
            self.ready.set()
            if news is not None:
                self.tell(news)
            wait()

    def _prepare(self, connection: Any) -> Callable[[], None]:
        """How to sleep until there may be news."""
        connection.ensure_connection()
        if url := get_conf().ACTIVITY_REDIS:
            self._subscribe(url)
            return lambda: self._called(url)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            return lambda: _notified(connection)
        return lambda: self._changed(connection)

    def _look_postgresql(self, connection: Any) -> News | None:
        with connection.cursor() as cursor:
            if self._position is None:
                cursor.execute("SELECT pg_current_snapshot()::text")
                (self._position,) = cursor.fetchone()
                return None
            cursor.execute(NEW_ROWS, {"last": self._position, "most": MOST + 1})
            found = cursor.fetchall()
        position, decided = found[0][0], found[0][1]
        ids = [row[2] for row in found if row[2] is not None]
        news = _news(ids, Cursor(decided, 0, _now())) if ids else None
        self._position = position  # only now: if the rows could not be read, they are news the next time
        return news

    def _look_sqlite(self, connection: Any) -> News | None:
        self._version = _file_version(connection)
        last = feed().order_by("-pk").values_list("pk", flat=True).first() or 0
        if self._position is None or last <= self._position:
            self._position = last
            return None
        ids = list(feed().filter(pk__gt=self._position).order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        news = _news(ids, Cursor(0, ids[-1], _now()))
        self._position = ids[-1]
        return news

    def _changed(self, connection: Any) -> None:
        """Until another connection has written to SQLite's file, whatever it wrote."""
        for _glance in range(int(LOOK_SECONDS / GLANCE_SECONDS)):
            if self._ending.wait(GLANCE_SECONDS) or _file_version(connection) != self._version:
                return

    def _subscribe(self, url: str) -> None:
        """Hear Redis; while it is away, or does not answer, the feed is looked at all the same."""
        import redis

        try:
            limits = {"socket_connect_timeout": AGAIN_SECONDS, "socket_timeout": LOOK_SECONDS}
            self._heard = redis.Redis.from_url(url, **limits).pubsub()
            self._heard.subscribe(CHANNEL)
        except (redis.RedisError, OSError) as error:
            logger.warning("Redis wakes nobody now: %s", type(error).__name__)
            self._leave_redis()

    def _called(self, url: str) -> None:
        """Until Redis has a message; where it is away, for a while."""
        import redis

        if self._heard is None:
            self._ending.wait(LOOK_SECONDS)
            self._subscribe(url)
            return
        try:
            _drain(self._heard)
        except (redis.RedisError, OSError) as error:
            logger.warning("Redis wakes nobody now: %s", type(error).__name__)
            self._leave_redis()

    def _hang_up(self) -> None:
        with suppress(Exception):
            connections.close_all()
        self._leave_redis()

    def _leave_redis(self) -> None:
        if self._heard is not None:
            with suppress(Exception):
                self._heard.close()
            self._heard = None


def _news(ids: list[int], cursor: Cursor) -> News:
    if len(ids) > MOST:
        return News(None, cursor)
    rows = feed().filter(pk__in=ids).select_related("referrer").order_by("transaction", "pk")
    return News(list(rows), cursor)


def _file_version(connection: Any) -> Any:
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA data_version").fetchone()


def _notified(connection: Any) -> None:
    for _notification in connection.connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
        pass


def _drain(heard: Any) -> None:
    """Until Redis has a message, then past all that it has: one look answers them all."""
    timeout = LOOK_SECONDS
    while (message := heard.get_message(ignore_subscribe_messages=False, timeout=timeout)) is not None:
        if message["type"] == "message":
            timeout = 0.0


def _now() -> int:
    return int(timezone.now().timestamp())
