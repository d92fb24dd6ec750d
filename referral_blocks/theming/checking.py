"""Which words stand on which colour once a brand lies over a theme, and how well they can be read."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .brand import Brand, palette_of, tokens
from .contrast import TEXT, contrast
from .theme import Theme


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours as ``#rrggbb`` and their contrast as people read it, rounded down."""

    what: str | Promise
    words: str
    ground: str
    is_dark: bool

    @property
    def ratio(self) -> str:
        return f"{int(contrast(self.words, self.ground) * 10) / 10:.1f}"

    @property
    def passes(self) -> bool:
        return contrast(self.words, self.ground) >= TEXT


def checked_pairs(brand: Brand, theme: Theme | None) -> list[Pair]:
    """The pairs in which the brand has a say; links by the ground on which they are hardest to read."""
    pairs = []
    for dark in (False, True):
        made = tokens(brand, theme, dark=dark)
        if "color-accent" in made:
            pairs.append(Pair(_("words on buttons"), made["color-on-accent"], made["color-accent"], dark))
            ground = min(palette_of(theme, dark=dark).grounds, key=lambda g: contrast(made["color-link"], g))
            pairs.append(Pair(_("links"), made["color-link"], ground, dark))
        if "color-on-hero" in made:
            pairs.append(Pair(_("words at the top"), made["color-on-hero"], made["color-hero"], dark))
    return pairs
