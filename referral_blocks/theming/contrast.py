"""Whether words can be read on a colour, by WCAG 2.2, and the nearest colour of the same hue on which they can."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from coloraide import Color

TEXT = 4.5  # success criterion 1.4.3, level AA
SHAPE = 3.0  # 1.4.11: what has to be seen, such as a focus ring
INK, CHALK = "#16181b", "#ffffff"
APART = 0.04  # of OKLab: white and cream are not told apart, white and a pale yellow are
_STEP = 0.004  # of OKLCH lightness; smaller than what an eye tells apart


def contrast(one: str, other: str) -> float:
    """The ratio from 1 to 21 of two colours ``#rrggbb``."""
    return float(Color(one).contrast(other))


def is_legible(color: str, grounds: Iterable[str], *, at_least: float = TEXT) -> bool:
    return all(contrast(color, ground) >= at_least for ground in grounds)


def vanishes(color: str, grounds: Iterable[str]) -> bool:
    """Whether a shape of this colour cannot be told from one of the grounds."""
    return any(Color(color).delta_e(ground, method="ok") < APART for ground in grounds)


@lru_cache(maxsize=1024)
def nearest_legible(color: str, grounds: tuple[str, ...], *, at_least: float = TEXT) -> str:
    """The color itself if it stands out from every ground by ``at_least``; else the nearest that does, lighter or
    darker, of the same hue; black or white where none does."""
    if is_legible(color, grounds, at_least=at_least):
        return color
    start = Color(color).convert("oklch")
    for step in range(1, int(1 / _STEP) + 1):
        for lightness in (start["lightness"] - step * _STEP, start["lightness"] + step * _STEP):
            if 0 <= lightness <= 1:
                tried = _hex(start.clone().set("lightness", lightness))
                if is_legible(tried, grounds, at_least=at_least):
                    return tried
    return readable_on(grounds[0])


def readable_on(ground: str) -> str:
    """Chalk or ink, whichever reads better; pure black where neither passes, which then does."""
    best = max((CHALK, INK), key=lambda color: contrast(color, ground))
    return best if contrast(best, ground) >= TEXT else "#000000"


def shifted(color: str, *, lightness: float) -> str:
    """The color with its OKLCH lightness moved by this much, kept within what screens show."""
    moved = Color(color).convert("oklch")
    return _hex(moved.set("lightness", min(1.0, max(0.0, moved["lightness"] + lightness))))


def at_lightness(color: str, *, lightness: float, chroma: float = 1.0) -> str:
    """The hue of the color at another OKLCH lightness, its chroma times ``chroma``."""
    moved = Color(color).convert("oklch").set("lightness", lightness)
    return _hex(moved.set("chroma", moved["chroma"] * chroma))


def _hex(color: Color) -> str:
    text: str = color.convert("srgb").fit(method="oklch-chroma").to_string(hex=True)
    return text
