"""Spans of the calendar in a programme's time zone."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta

from .models import Period, Program


@dataclass(frozen=True, slots=True)
class Span:
    """``key`` names the span for good (``2026-11``, ``2026-W47``); ``end`` is the first moment after it, or None."""

    key: str
    start: datetime | None
    end: datetime | None


def span_at(*, program: Program, period: str, at: datetime) -> Span:
    """The span of kind ``period`` that holds the moment ``at`` (aware)."""
    local = at.astimezone(zoneinfo.ZoneInfo(program.time_zone))
    day = _midnight(local)
    if period == Period.DAY:
        return Span(f"{day:%Y-%m-%d}", day, _midnight(day + timedelta(days=1)))
    if period == Period.WEEK:
        monday = _midnight(day - timedelta(days=day.weekday()))
        year, week, _day = day.isocalendar()
        return Span(f"{year}-W{week:02d}", monday, _midnight(monday + timedelta(days=7)))
    if period == Period.MONTH:
        first = _midnight(day.replace(day=1))
        return Span(f"{day:%Y-%m}", first, _midnight((first + timedelta(days=32)).replace(day=1)))
    if period == Period.YEAR:
        first = _midnight(day.replace(month=1, day=1))
        return Span(f"{day:%Y}", first, _midnight(first.replace(year=first.year + 1)))
    return Span("ever", None, None)


def _midnight(day: datetime) -> datetime:
    """Wall-clock midnight: the offset follows the date, also across a change of summer time. Where clocks go back to
    midnight there are two of them, and the day begins with the first."""
    return day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
