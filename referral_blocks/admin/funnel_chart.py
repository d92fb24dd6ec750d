"""The funnel as an SVG drawing: where each bar and each word goes."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from referral_blocks.analytics.funnel import Funnel

from .labels import percent

WIDTH = 360  # units; about a phone's width, so that the words stay legible there
STEP = 46
BAR = 16


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage: ``text_y`` and ``y`` are the tops of the words and of the bar."""

    label: str
    value: int
    share: str
    width: int
    text_y: int
    y: int


@dataclass(frozen=True, slots=True)
class Chart:
    """``summary`` says the whole drawing in one sentence, for those who do not see it."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    bar_height: int
    summary: str


def of_visits(funnel: Funnel) -> str:
    share = funnel.friends_per_visit
    return "–" if share is None else _("%(share)s of visits") % {"share": percent(share)}


def of_friends(funnel: Funnel) -> str:
    share = funnel.qualified_per_friend
    return "–" if share is None else _("%(share)s of friends") % {"share": percent(share)}


def of_customers(funnel: Funnel) -> str:
    share = funnel.rewarded_per_customer
    return "–" if share is None else _("%(share)s of customers") % {"share": percent(share)}


def draw(funnel: Funnel) -> Chart:
    """Bars in proportion to the largest stage; a stage that is not empty never vanishes."""
    stages = [
        (_("Visits"), funnel.visits, ""),
        (_("Friends"), funnel.friends, of_visits(funnel)),
        (_("Customers"), funnel.qualified, of_friends(funnel)),
        (_("Rewarded"), funnel.rewarded, of_customers(funnel)),
    ]
    largest = max(value for _label, value, _of in stages) or 1
    bars = tuple(
        Bar(
            label=label,
            value=value,
            share=share,
            width=max(WIDTH * value // largest, 2 if value else 0),
            text_y=i * STEP + 14,
            y=i * STEP + 20,
        )
        for i, (label, value, share) in enumerate(stages)
    )
    summary = ", ".join(f"{bar.label}: {bar.value}" for bar in bars)
    return Chart(bars=bars, width=WIDTH, height=STEP * len(bars), bar_height=BAR, summary=summary)
