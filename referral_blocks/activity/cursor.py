"""Where a reader of the feed stands, so that reading on may repeat an event but never misses one.

On PostgreSQL rows become visible in the order of commits, not of ids. A row is ordered by the number of its transaction
first, and the *horizon* is the oldest transaction that is still running (``pg_snapshot_xmin``): all before it is
decided, so that a cursor may stand behind a row of such a transaction. Whatever is read beyond the horizon may get
company in front of it; the cursor then stands at the horizon, and reading on gives those rows once more. On SQLite
there is one writer at a time: rows commit in the order of their ids, and transactions have no number.

Where more rows lie beyond the horizon than fit a page, the cursor goes on among them, and remembers the horizon that it
goes *back* to after the last page.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, router
from django.db.models import BigIntegerField, Func, Max, QuerySet
from django.utils import timezone

from referral_blocks.core.conf import get_conf

from .models import Activity

VERSION = "1"
HORIZON = "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() AS s"


class UnusableCursor(Exception):
    """Nothing can be read on from here: load everything afresh, and follow from then on."""


class TransactionNumber(Func):
    """The number of the transaction that this statement is part of; 0 on SQLite."""

    output_field = BigIntegerField()

    def as_sql(self, *_args: Any, **_kwargs: Any) -> tuple[str, tuple[()]]:
        return "0", ()

    def as_postgresql(self, *_args: Any, **_kwargs: Any) -> tuple[str, tuple[()]]:
        return "pg_current_xact_id()::text::bigint", ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """All rows of transactions before ``transaction`` were seen, and of this one those up to row ``row``; ``at`` is the
    second at which that was so, ``back`` the transaction to read again from once all pages are read (0: none)."""

    transaction: int
    row: int
    at: int
    back: int = 0

    def __str__(self) -> str:
        """What callers keep and send back, opaque to them."""
        text = f"{VERSION}.{self.transaction}.{self.row}.{self.at}.{self.back}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Horizon:
    """Every transaction below ``decided`` has committed or is gone; ``ahead`` is a number that none has reached yet."""

    decided: int
    ahead: int
    at: int

    def between(self, cursor: Cursor, row: Activity) -> Cursor:
        """From ``cursor`` on as far as ``row``, with more pages to come."""
        undecided = self.decided and row.transaction >= self.decided
        return Cursor(row.transaction, row.pk, self.at, cursor.back or (self.decided if undecided else 0))

    def after(self, cursor: Cursor, row: Activity | None) -> Cursor:
        """From ``cursor`` on as far as ``row``, the last one that there is (None: there was none)."""
        if self.decided:
            return Cursor(cursor.back or max(self.decided, cursor.transaction), 0, self.at)
        return Cursor(0, row.pk if row else cursor.row, self.at)


def feed() -> QuerySet[Activity]:
    """All rows, where they are written: a replica that lags would show a cursor that has passed what it has not."""
    return Activity.objects.using(router.db_for_write(Activity))


def uses_postgresql() -> bool:
    return connections[router.db_for_write(Activity)].vendor == "postgresql"


def present_horizon() -> Horizon:
    """The horizon of this moment; take it before the rows are read. On SQLite there is none to mind."""
    at = int(timezone.now().timestamp())
    connection = connections[router.db_for_write(Activity)]
    if connection.vendor != "postgresql":
        return Horizon(0, 1, at)
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        decided, ahead = cursor.fetchone()
    return Horizon(decided, ahead, at)


def present_cursor() -> Cursor:
    """Behind everything that has been committed so far."""
    horizon = present_horizon()
    if horizon.decided:
        return Cursor(horizon.decided, 0, horizon.at)
    return Cursor(0, feed().aggregate(last=Max("pk"))["last"] or 0, horizon.at)


def read_cursor(text: str) -> Cursor:
    """The cursor that ``text`` is. Raises UnusableCursor for anything else, and for one that is older than what is
    kept, or of another database."""
    try:
        padded = text + "=" * (-len(text) % 4)
        version, *numbers = base64.urlsafe_b64decode(padded.encode()).decode("ascii").split(".")
        transaction, row, at, back = (int(number) for number in numbers)
    except (ValueError, binascii.Error):
        raise UnusableCursor from None
    if version != VERSION or not all(0 <= number < 2**63 for number in (transaction, row, at, back)):
        raise UnusableCursor
    now = timezone.now()
    oldest = now - kept_for()
    if not oldest.timestamp() < at <= now.timestamp() + 3600 or max(transaction, back) > present_horizon().ahead:
        raise UnusableCursor
    return Cursor(transaction, row, at, back)


def kept_for() -> timedelta:
    """How long the feed remembers."""
    return timedelta(days=get_conf().ACTIVITY_DAYS)


def forgotten_before() -> datetime:
    """Rows older than this are deleted: an hour more than a cursor may be old, so that none points at a gap."""
    return timezone.now() - kept_for() - timedelta(hours=1)
