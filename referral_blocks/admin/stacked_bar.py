"""Shares of a whole as one bar with a legend: where each part goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 600  # units
LEAST = 6  # a part that is not empty never vanishes
GAP = 2  # between two parts, so that they are told apart without their colours


@dataclass(frozen=True, slots=True)
class Part:
    """``tone`` is one of the stylesheet's; the legend says in words what the colour says."""

    label: str
    value: int
    shown: str
    tone: str
    x: int = 0
    width: int = 0


@dataclass(frozen=True, slots=True)
class StackedBar:
    """``summary`` says the whole drawing in one sentence, for those who do not see it."""

    title: str
    parts: tuple[Part, ...]
    width: int
    summary: str


def stack(title: Any, parts: Sequence[tuple[Any, int, Any, str]]) -> StackedBar:
    """Parts (label, value, how it is written, tone) in proportion; the empty and those below zero are left out."""
    filled = [part for part in parts if part[1] > 0]
    whole = sum(value for _label, value, _shown, _tone in filled)
    room = WIDTH - LEAST * len(filled)
    x, drawn = 0, []
    for label, value, shown, tone in filled:
        width = LEAST + room * value // whole
        drawn.append(Part(str(label), value, str(shown), tone, x, width - GAP))
        x += width
    summary = ", ".join(f"{part.label}: {part.shown}" for part in drawn)
    return StackedBar(str(title), tuple(drawn), WIDTH, summary)
