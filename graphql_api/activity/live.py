"""What makes an operation a stream: the transport runs it again and again, and its resolver is told what is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from graphql_api.context import Context
from referral_blocks.activity.cursor import Cursor
from referral_blocks.activity.follow import News
from referral_blocks.activity.models import Activity
from referral_blocks.activity.selectors import Page, read_after

from .types import MAX_ACTIVITY, cursor_of


@dataclass(frozen=True, slots=True)
class Topic:
    """What a stream is about: the rows of one programme or of one referrer. ``same_for_all``: what is sent depends on
    the document and the topic alone, so that one answer serves all who ask the same. ``check`` raises GraphQLError when
    the caller may follow it no more."""

    program_id: int | None
    referrer_id: int | None
    same_for_all: bool
    check: Callable[[Context], None]


@dataclass
class Live:
    """One run of a stream's operation. Where ``news`` is given the resolver shows that; else it reads behind ``after``,
    or behind the operation's own argument. It says what it is about, and what it has shown."""

    after: Cursor | str | None = None
    news: News | None = None
    topic: Topic | None = None
    shown: Page | None = None


def next_page(context: Context, topic: Topic, rows: QuerySet[Activity], after: str | None) -> Page:
    """What this run of the operation shows."""
    live = context.live or Live()
    live.topic = topic
    if live.news is not None:
        live.shown = Page(list(live.news.rows or ()), live.news.cursor, False)
    else:
        cursor = live.after if isinstance(live.after, Cursor) else cursor_of(live.after or after)
        live.shown = read_after(rows=rows.select_related("referrer"), cursor=cursor, limit=MAX_ACTIVITY)
    return live.shown
