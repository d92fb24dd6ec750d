"""Reads the table of who is told what and may do what: rules.txt, fields.txt and mutations.txt."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from referral_blocks.access.models import Scope

HERE = Path(__file__).parent
NOWHERE = "nowhere"
# What staff need for what a scope allows, where a rule names no right of its own.
RIGHTS = {
    "sales:read": "view_sale",
    "sales:write": "add_sale",
    "referrals:read": "view_referrer view_referral",
    "referrals:write": "review_referral",
    "reviews:write": "review_referral",
    "rewards:read": "view_reward",
    "rewards:write": "approve_reward",
    "payouts:read": "view_payout",
    "payouts:write": "confirm_payout",
    "handovers:write": "mark_handed_over",
    "statistics:read": "view_referral_report",
    "keys:write": "view_apikey",
    "webhooks:read": "view_webhookendpoint",
    "webhooks:write": "change_webhookendpoint",
    "activity:read": "view_referrer view_referral view_sale view_reward view_payout",
}
# Fields that are null or empty whoever asks, in the world as it is made up, and why.
NOTHING_TO_SHOW: dict[str, str] = {}


class Rule(NamedTuple):
    """``scope`` and ``rights`` are empty for rules that are no scope."""

    name: str
    scope: str = ""
    rights: frozenset[str] = frozenset()


class Line(NamedTuple):
    """A type: where the walk meets it, and the rule of each of its fields."""

    homes: tuple[str, ...]
    rules: dict[str, Rule]


def _lines(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text().splitlines() if line.strip() and not line.startswith("#")]


def rule_of(text: str) -> Rule:
    scope, _slash, right = text.partition("/")
    if ":" not in text:
        assert scope in rules(), f"{text}: rules.txt has no such rule"
        return Rule(scope, rights=frozenset(right.split()))
    assert scope in Scope.values, f"{scope}: there is no such scope"
    return Rule(text, scope, frozenset((right or RIGHTS[scope]).split()))


@cache
def rules() -> dict[str, dict[str, str]]:
    """Rule → caller → outcome."""
    head, *rest = (line.split() for line in _lines("rules.txt"))
    return {cells[0]: dict(zip(head[1:], cells[1:], strict=True)) for cells in rest}


@cache
def types() -> dict[str, Line]:
    found: dict[str, Line] = {}
    given: dict[str, Rule] = {}
    rule = Rule("")
    for line in _lines("fields.txt"):
        if not line.startswith(" "):
            name, _at, homes = line.partition("@")
            assert name.strip() not in found, f"fields.txt has {name} twice"
            given = {}
            found[name.strip()] = Line(tuple(home.strip() for home in homes.split(",") if home.strip()), given)
            continue
        names = line.split()
        if not line.startswith(" " * 8):
            rule = rule_of(names.pop(0))
        for field in names:
            assert field not in given, f"fields.txt has {name.strip()}.{field} twice"
            given[field] = rule
    return found


@cache
def mutations() -> dict[str, tuple[Rule, frozenset[str]]]:
    """Mutation → its rule, and the fields of its payload."""
    found = {}
    for line in _lines("mutations.txt"):
        name, rule, *fields = line.split()
        assert name not in found, f"mutations.txt has {name} twice"
        found[name] = (rule_of(rule), frozenset(fields))
    return found
