"""What happened on each of the last days, as a small drawing: a bar a day, its parts above each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

STEP, BAR, HEIGHT = 24, 18, 60  # units
LEAST = 3  # a part that is not empty never vanishes


@dataclass(frozen=True, slots=True)
class Part:
    """``tone`` is one of the stylesheet's."""

    tone: str
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend, which says in words what the colour says."""

    label: str
    tone: str
    shown: int


@dataclass(frozen=True, slots=True)
class DayChart:
    """``summary`` says the whole drawing in one sentence, for those who do not see it."""

    title: str
    parts: tuple[Part, ...]
    keys: tuple[Key, ...]
    days: tuple[int, ...]  # where each day's bar begins
    width: int
    height: int
    bar: int
    first: str
    last: str
    summary: str


def draw_days(
    title: Any, kinds: Sequence[tuple[str, Any, str]], counts: Mapping[tuple[date, str], int], *, last: date, days: int
) -> DayChart:
    """``kinds`` are (key, label, tone), the lowest part first; ``counts`` says how many of which key on which day."""
    dates = [last - timedelta(days=days - 1 - n) for n in range(days)]
    most = max([sum(counts.get((day, key), 0) for key, _label, _tone in kinds) for day in dates], default=0) or 1
    parts = []
    for column, day in enumerate(dates):
        top = HEIGHT
        for key, _label, tone in kinds:
            count = counts.get((day, key), 0)
            height = min(max(LEAST, (HEIGHT - LEAST * len(kinds)) * count // most), top) if count else 0
            if height:
                top -= height
                parts.append(Part(tone, column * STEP, top, height))
    keys = tuple(
        Key(str(label), tone, sum(counts.get((day, key), 0) for day in dates)) for key, label, tone in kinds
    )  # fmt: skip
    totals = ", ".join(f"{key.label}: {key.shown}" for key in keys)
    return DayChart(
        title=str(title),
        parts=tuple(parts),
        keys=keys,
        days=tuple(column * STEP for column in range(days)),
        width=days * STEP - (STEP - BAR),
        height=HEIGHT,
        bar=BAR,
        first=date_format(dates[0], "SHORT_DATE_FORMAT"),
        last=date_format(dates[-1], "SHORT_DATE_FORMAT"),
        summary=_("In %(days)d days: %(totals)s") % {"days": days, "totals": totals},
    )
