"""What each side is promised first, and what comes after it: no reward stands without what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import capfirst

from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule, Side
from referral_blocks.rewards.wording import RuleWords, rule_in_words

from .audience import Offer


@dataclass(frozen=True, slots=True)
class Further:
    """A reward after the first: ``when`` says what the first has not said yet, and may be empty."""

    title: str
    worth: str
    when: str


@dataclass(frozen=True, slots=True)
class Promise:
    """One side's rewards: the ``first`` is for everybody, unless ``when`` says for whom."""

    first: RuleWords
    when: str
    further: tuple[Further, ...]


@dataclass(frozen=True, slots=True)
class Promises:
    """What both sides get; None for a side that gets nothing."""

    friend: Promise | None
    referrer: Promise | None


def promises(offer: Offer, *, program: Program, reader: str) -> Promises:
    """The offer's rules as somebody of the side ``reader`` is told of them."""
    return Promises(*(_promise(rules, program, reader) for rules in (offer.friend, offer.referrer)))


def _promise(rules: Sequence[RewardRule], program: Program, reader: str) -> Promise | None:
    if not rules:
        return None
    lead = next((rule for rule in rules if not _has_conditions(rule)), rules[0])
    told = {id(rule): rule_in_words(rule, program=program, reader=reader) for rule in [lead, *rules]}
    first = told.pop(id(lead))
    when = _sentence(first, but="" if lead.sale_from > 1 else first.earned) if _has_conditions(lead) else ""
    further = (Further(rule.title, rule.worth, _sentence(rule, but=first.earned)) for rule in told.values())
    return Promise(first, when, tuple(further))


def _has_conditions(rule: RewardRule) -> bool:
    """Whether somebody whose first referral it is may go without it, or cannot have it now."""
    some_friends = rule.side == Side.REFERRER and (rule.friend_from, rule.friend_to) != (1, None)
    return bool(some_friends or rule.sale_from > 1 or rule.stock == 0 or rule.conditions.all())


def _sentence(rule: RuleWords, *, but: str) -> str:
    """When the reward is earned and within which bounds; ``but`` was said already."""
    return str(capfirst(", ".join(part for part in (rule.earned, *rule.bounds) if part != but)))
