"""Judges what happened by a programme's rules. Pure: a dry run and the real thing ask the same question here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext as _

from referral_blocks.core.money import Money
from referral_blocks.programs.models import Program

from .conditions import holds, in_words
from .models import RewardRule, Side, Trigger
from .rule import FriendFacts, Happening, RuleFacts, reward_kind


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says. ``amount`` is None when it does not fire; ``because`` says why, or why not, in sentences."""

    rule: RewardRule
    amount: Money | None
    because: tuple[str, ...]

    @property
    def fires(self) -> bool:
        return self.amount is not None


def judge_all(*, program: Program, happening: Happening) -> list[Verdict]:
    """One verdict a rule of the programme, in the rules' order; two queries, whatever the number of rules."""
    rules = RewardRule.objects.filter(program=program).select_related("program").prefetch_related("conditions")
    return [judge(rule=rule, happening=happening, program=program) for rule in rules]


def judge(*, rule: RewardRule, happening: Happening, program: Program) -> Verdict:
    """Whether the rule fires, and how much it promises."""
    against = tuple(_against(rule, happening, program))
    if against:
        return Verdict(rule, None, against)
    facts = RuleFacts(Money(rule.amount_minor, rule.currency or program.currency), rule.options)
    try:
        kind = reward_kind(rule.kind)
    except KeyError:
        return Verdict(rule, None, (_("This site knows no rewards of the kind “%(kind)s”.") % {"kind": rule.kind},))
    amount = kind.value(facts, happening.sale)
    if amount is None or amount.amount_minor <= 0:
        return Verdict(rule, None, (_("This sale earns nothing by this rule."),))
    met = tuple(in_words(condition) for condition in rule.conditions.all())
    return Verdict(rule, amount, (_("All conditions are met."), *met))


def _against(rule: RewardRule, happening: Happening, program: Program) -> Iterator[str]:
    """Every reason why the rule does not fire, not only the first: whoever sets it up wants to see them all."""
    if not rule.active:
        yield _("The rule is switched off.")
    if rule.trigger != happening.trigger:
        yield _("The rule waits for something else: %(trigger)s.") % {"trigger": rule.get_trigger_display()}
        return
    if rule.trigger == Trigger.SALE and happening.sale is not None:
        number = happening.sale.number
        if not _within(number, rule.sale_from, rule.sale_to):
            yield _("This is sale %(number)d of the friend; the rule counts %(range)s.") % {
                "number": number,
                "range": _range(rule.sale_from, rule.sale_to),
            }
        if rule.months and not _within_months(rule.months, happening.friend.qualified_at, happening.at):
            yield _("The friend became a customer more than %(months)d months ago.") % {"months": rule.months}
    if rule.trigger in (Trigger.SALE, Trigger.GROUP):
        yield from _against_number(rule, happening.friend)
    if rule.trigger == Trigger.PERIOD and not _within(happening.rank, rule.rank_from, rule.rank_to):
        yield _("This is place %(number)d; the rule counts %(range)s.") % {
            "number": happening.rank,
            "range": _range(rule.rank_from, rule.rank_to),
        }
    if rule.trigger == Trigger.POINTS and happening.rule_id not in (0, rule.pk):
        yield _("Another reward was chosen.")
    for condition in rule.conditions.all():
        if not holds(condition, happening, program):
            yield _("Not met: %(condition)s.") % {"condition": in_words(condition)}


def _against_number(rule: RewardRule, friend: FriendFacts) -> Iterator[str]:
    milestone = rule.friend_from == rule.friend_to
    # A friend's own milestone is theirs by their number alone: nobody could tell who took whose place.
    place = friend.number if milestone and rule.side == Side.FRIEND else friend.place
    if milestone and rule.pk in friend.reached:
        yield _("The referrer has reached this milestone before.")
    elif friend.place < rule.friend_from <= friend.number:
        yield _("%(standing)d of the referrer’s friends are customers at the moment; the rule needs %(needed)d.") % {
            "standing": friend.place,
            "needed": rule.friend_from,
        }
    elif not _within(place, rule.friend_from, rule.friend_to):
        yield _("This is friend %(number)d of the referrer; the rule counts %(range)s.") % {
            "number": place,
            "range": _range(rule.friend_from, rule.friend_to),
        }


def _within(number: int, first: int, last: int | None) -> bool:
    return number >= first and (last is None or number <= last)


def _range(first: int, last: int | None) -> str:
    if last is None:
        return _("%(first)d and above") % {"first": first}
    return str(first) if first == last else _("%(first)d to %(last)d") % {"first": first, "last": last}


def _within_months(months: int, since: datetime | None, at: datetime) -> bool:
    return since is None or at < since + relativedelta(months=months)
