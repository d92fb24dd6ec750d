"""A row of figures: the programme's real ones, rounded, once they are worth showing, or what the marketer types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.analytics.figures import Figures, rounded
from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock

FIGURES = [
    ("friends", _("Friends referred")),
    ("customers", _("Friends who became customers")),
    ("rewards", _("Rewards given")),
    ("typed", _("A figure that I type")),
]


@dataclass(frozen=True, slots=True)
class Stat:
    """A figure as it is read, and what it counts."""

    figure: str
    label: str


class StatBlock(blocks.StructBlock):
    figure = blocks.ChoiceBlock(choices=FIGURES, default="friends", label=_("Figure"))
    typed = blocks.CharBlock(
        required=False, max_length=20, label=_("Your figure"), help_text=_("Such as “4.9 ★”; for one that you type.")
    )
    label = blocks.CharBlock(max_length=60, label=_("Label"))
    least = blocks.IntegerBlock(
        default=10, min_value=1, max_value=1_000_000, label=_("Show from"),
        help_text=_("A real figure below this stays hidden: “3 friends” convinces nobody."),
    )  # fmt: skip

    class Meta:
        icon = "order"
        label = _("Figure")


def default_stats() -> list[dict[str, Any]]:
    return [
        {"figure": "friends", "typed": "", "label": _now("friends referred"), "least": 10},
        {"figure": "customers", "typed": "", "label": _now("became customers"), "least": 10},
        {"figure": "rewards", "typed": "", "label": _now("rewards given"), "least": 10},
    ]


class StatRowBlock(ReferralBlock):
    template_name = "stat_row"

    heading = blocks.CharBlock(required=False, max_length=90, label=_("Heading"))
    stats = blocks.ListBlock(StatBlock(), default=default_stats, min_num=1, max_num=4, label=_("Figures"))

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        return {"shown": _shown(value, audience.figures(program))}

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        if program is None or _shown(value, audience.figures(program)):
            return ""
        return _now("The figures are still too small to show. Visitors see nothing here until then.")

    class Meta:
        icon = "table"
        label = _("Row of figures")
        description = _("How many friends were referred and rewards given: real, rounded, and hidden while small.")


def _shown(value: Any, figures: Figures) -> list[Stat]:
    stats = [(stat, _read(stat, figures)) for stat in (value or {}).get("stats") or ()]
    return [Stat(figure, stat.get("label") or "") for stat, figure in stats if figure]


def _read(stat: Any, figures: Figures) -> str:
    kind = stat.get("figure")
    if kind == "typed":
        return stat.get("typed") or ""
    number = int(getattr(figures, kind, 0)) if kind in dict(FIGURES) else 0
    if number < max(1, int(stat.get("least") or 1)):
        return ""
    shown = rounded(number)
    text = str(format_decimal(shown, locale=to_locale(get_language() or "en")))
    return f"{text}+" if number > shown else text
