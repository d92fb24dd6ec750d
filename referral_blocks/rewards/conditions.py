"""Typed conditions of a reward rule: which facts there are, how each compares, and how that reads."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import parse_amount
from referral_blocks.core.text import clean_text
from referral_blocks.programs.models import Program

from .models import RuleCondition
from .rule import Happening

METADATA = "sale.metadata."
NUMBER, MONEY, TEXT, TRUTH, DATE = "number", "money", "text", "truth", "date"

WORDS: dict[str, str | Promise] = {
    "eq": _("is"),
    "ne": _("is not"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "gte": _("is at least"),
    "lte": _("is at most"),
    "between": _("is between"),
}
ORDERED = ("eq", "gte", "lte", "between")
OPERATORS: dict[str, Sequence[str]] = {
    NUMBER: ORDERED,
    MONEY: ORDERED,
    DATE: ORDERED,
    TEXT: ("eq", "ne", "in", "not_in"),
    TRUTH: ("eq",),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a condition can ask about; ``read`` gives None where it is not known."""

    type: str
    label: str | Promise
    read: Callable[[Happening, Program], Any]


def _local_date(happening: Happening, program: Program) -> date:
    return happening.at.astimezone(zoneinfo.ZoneInfo(program.time_zone)).date()


FACTS: dict[str, Fact] = {
    "sale.amount": Fact(MONEY, _("The sale’s amount"), lambda h, p: h.sale and h.sale.amount.decimal),
    "sale.currency": Fact(TEXT, _("The sale’s currency"), lambda h, p: h.sale and h.sale.amount.currency),
    "sale.product": Fact(TEXT, _("The product"), lambda h, p: h.sale and (h.sale.product or None)),
    "sale.number": Fact(NUMBER, _("The number of the friend’s sale"), lambda h, p: h.sale and h.sale.number),
    "friend.number": Fact(NUMBER, _("The number of the friend"), lambda h, p: h.friend.number),
    "friend.kind": Fact(TEXT, _("The kind of friend"), lambda h, p: h.friend.kind),
    "friend.country": Fact(TEXT, _("The friend’s country"), lambda h, p: h.friend.country or None),
    "friend.is_new": Fact(TRUTH, _("The friend is a new customer"), lambda h, p: h.friend.is_new),
    "date": Fact(DATE, _("The date"), _local_date),
}


def fact_named(name: str) -> Fact:
    """The fact; raises InvalidInput with path ``fact`` for a name that is none."""
    if name.startswith(METADATA) and name != METADATA:
        key = name.removeprefix(METADATA)
        label = format_lazy("{} “{}”", _("The sale’s"), key)
        return Fact(TEXT, label, lambda h, p: h.sale and h.sale.metadata.get(key))
    if name not in FACTS:
        known = ", ".join([*FACTS, METADATA + "…"])
        raise InvalidInput(
            _("There is no fact “%(name)s”. Known facts: %(known)s.") % {"name": name[:60], "known": known},
            code="unknown_fact",
            path=("fact",),
        )
    return FACTS[name]


def clean_condition(*, fact: str, operator: str, value: Any, program: Program) -> Any:
    """``value`` as it is stored (JSON); raises InvalidInput with path ``fact``, ``operator`` or ``value``."""
    known = fact_named(fact)
    allowed = OPERATORS[known.type]
    if operator not in allowed:
        raise InvalidInput(
            _("“%(fact)s” can be compared with: %(operators)s.") % {"fact": fact, "operators": ", ".join(allowed)},
            code="unknown_operator",
            path=("operator",),
        )
    if operator in ("in", "not_in"):
        items = value if isinstance(value, list | tuple) else []
        if not items:
            raise InvalidInput(_("Give a list with one value or more."), code="invalid_value", path=("value",))
        return [_clean_one(known.type, item, program) for item in items]
    if operator == "between":
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise InvalidInput(_("Give two values: from and to."), code="invalid_value", path=("value",))
        low, high = (_clean_one(known.type, item, program) for item in value)
        if _typed(known.type, low) > _typed(known.type, high):
            raise InvalidInput(_("The first value has to be the smaller one."), code="invalid_value", path=("value",))
        return [low, high]
    return _clean_one(known.type, value, program)


def _clean_one(kind: str, value: Any, program: Program) -> Any:
    refused = InvalidInput(
        _("“%(value)s” does not fit here.") % {"value": str(value)[:60]}, code="invalid_value", path=("value",)
    )
    if kind == TRUTH:
        if not isinstance(value, bool):
            raise refused
        return value
    if kind == NUMBER:
        if not isinstance(value, int) or isinstance(value, bool):
            raise refused
        return value
    if kind == MONEY:
        return str(parse_amount(str(value), program.currency, path=("value",)).decimal)
    if kind == DATE:
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            raise refused from None
    return clean_text(str(value), max_length=120, path=("value",))


def _typed(kind: str, value: Any) -> Any:
    if kind == MONEY:
        return Decimal(value)
    if kind == DATE:
        return date.fromisoformat(value)
    return value.casefold() if kind == TEXT else value


def holds(condition: RuleCondition, happening: Happening, program: Program) -> bool:
    """Whether the condition is met. What is not known meets nothing, be it a fact, an operator or a value that does
    not fit: money fails closed."""
    try:
        return _compare(condition, happening, program)
    except (InvalidInput, ArithmeticError, AttributeError, KeyError, IndexError, TypeError, ValueError):
        return False


def _compare(condition: RuleCondition, happening: Happening, program: Program) -> bool:
    fact = fact_named(condition.fact)
    seen = fact.read(happening, program)
    if seen is None or condition.operator not in OPERATORS[fact.type]:
        return False
    if fact.type == TEXT:
        seen = str(seen).casefold()
    listed = condition.operator in ("in", "not_in", "between")
    wanted = [_typed(fact.type, v) for v in (condition.value if listed else [condition.value])]
    if not wanted:
        return False
    compare: dict[str, Callable[[], bool]] = {
        "eq": lambda: seen == wanted[0],
        "ne": lambda: seen != wanted[0],
        "in": lambda: seen in wanted,
        "not_in": lambda: seen not in wanted,
        "gte": lambda: seen >= wanted[0],
        "lte": lambda: seen <= wanted[0],
        "between": lambda: wanted[0] <= seen <= wanted[1],
    }
    return bool(compare[condition.operator]())


def in_words(condition: RuleCondition) -> str:
    """The condition as a sentence for staff."""
    value = condition.value
    text = " – ".join(map(str, value)) if condition.operator == "between" else value
    text = ", ".join(map(str, text)) if isinstance(text, list) else str(text)
    if isinstance(value, bool):
        text = str(_("yes") if value else _("no"))
    try:
        label: str | Promise = fact_named(condition.fact).label
    except InvalidInput:
        label = condition.fact
    return f"{label} {WORDS.get(condition.operator, condition.operator)} {text}"
