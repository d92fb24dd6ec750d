"""The socket of starters: a whole referral programme to begin from, with its rules, its pages and its terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel import Locale
from babel.numbers import format_currency
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import get_language, to_locale

from referral_blocks.core.conf import get_conf
from referral_blocks.core.money import POINTS, Money
from referral_blocks.rewards.models import Approval, Side, Trigger

Text = str | Promise
# Block names of ``stream.referral_blocks`` with the fields that differ from a fresh block’s.
Body = list[tuple[str, dict[str, Any]]]

LANDING, SHARE, PORTAL, TERMS = "landing_page", "share_page", "portal_page", "terms_page"
# What stands between these in the terms is for the owner to fill in.
TO_CHECK = ("[[", "]]")


@dataclass(frozen=True, slots=True)
class StarterReward:
    """One reward rule. The form asks ``label`` for its amount and suggests ``suggested``: major units of a currency
    with two decimals, or whole points. ``title`` is what people read, with ``%(amount)s`` in it."""

    name: str
    side: Side
    label: Text
    title: Text
    suggested: str
    help_text: Text = ""
    trigger: Trigger = Trigger.SALE
    in_points: bool = False
    points_price: int | None = None
    instructions: Text = ""
    hold_days: int = 14
    approval: Approval = Approval.PERSON


@dataclass(frozen=True, slots=True)
class StarterGroup:
    """A group offer that goes with rules of the trigger “group”."""

    title: Text
    size: int
    hours: int


@dataclass(frozen=True, slots=True)
class StarterPage:
    """One page; ``title`` may hold ``%(name)s``, the programme’s. Called in the editor’s language."""

    title: Text
    body: Callable[[], Body]


@dataclass(frozen=True, slots=True)
class TermsFacts:
    """What the first draft of the terms is written from; the rewards are titles as people read them, ``for_points``
    those that points buy, with their price, and ``hold_days`` is the longest that one of them waits."""

    program: str
    owner: str
    referrer: Sequence[str]
    friend: Sequence[str]
    hold_days: int = 14
    for_points: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class Starter:
    """Registered by alias in REFERRAL_BLOCKS["STARTERS"]. ``picture`` is a static path; ``pages`` maps a page’s kind,
    the name of Program’s field, to what stands there; a kind that the host has no page for is left out."""

    label: Text
    suits: Text
    description: Text
    picture: str
    program_name: Text
    rewards: Sequence[StarterReward]
    pages: Mapping[str, StarterPage]
    terms: Callable[[TermsFacts], str]
    groups: Sequence[StarterGroup] = field(default=())


def all_starters() -> dict[str, Starter]:
    """Alias → starter, in the order of the setting."""
    return {alias: import_string(path) for alias, path in get_conf().STARTERS.items()}


def is_to_check(terms: str) -> bool:
    """Whether something in the terms still waits for its owner."""
    return TO_CHECK[0] in terms


def amount_in_title(money: Money) -> str:
    """“£20” and “£12.50”: as people say it, in the active language."""
    exact = money.decimal
    if money.currency == POINTS or exact != exact.to_integral_value():
        return str(money)
    name = to_locale(get_language() or "en")
    pattern = Locale.parse(name).currency_formats["standard"].pattern.replace(".00", "")
    return str(format_currency(exact, money.currency, format=pattern, locale=name, currency_digits=False))
