"""Reads the feed from a cursor on."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from .cursor import Cursor, feed, present_horizon
from .kinds import NOT_FOR_REFERRERS
from .models import Activity


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, where to read on from, and whether there was more than fitted."""

    rows: list[Activity]
    cursor: Cursor
    has_more: bool


def of_program(*, program_id: int) -> QuerySet[Activity]:
    """All that happens in a programme."""
    return feed().filter(program_id=program_id)


def of_referrer(*, referrer_id: int) -> QuerySet[Activity]:
    """What a referrer is told of their own."""
    return feed().filter(referrer_id=referrer_id).exclude(kind__in=NOT_FOR_REFERRERS)


def read_after(*, rows: QuerySet[Activity], cursor: Cursor, limit: int) -> Page:
    """At most ``limit`` of the ``rows`` behind the cursor, in the feed's order. Reading on from the page's cursor
    misses nothing that is committed; what was committed a moment ago may come again."""
    horizon = present_horizon()  # before the rows: see cursor.py
    behind = Q(transaction__gte=cursor.transaction) & ~Q(transaction=cursor.transaction, pk__lte=cursor.row)
    found = list(rows.filter(behind).order_by("transaction", "pk")[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    last = found[-1] if found else None
    if has_more and last is not None:
        return Page(found, horizon.between(cursor, last), True)
    return Page(found, horizon.after(cursor, last), False)
