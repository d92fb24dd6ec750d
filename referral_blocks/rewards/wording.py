"""What a reward rule promises, in words that visitors read: how much, for what, and within which bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import POINTS, Money, parse_amount
from referral_blocks.programs.models import Period, Program

from .limits import COUPON_METHOD
from .models import RewardRule, RuleCondition, Side, Trigger
from .rule import RuleFacts, reward_kind

YOU, THEY, FRIEND = "you", "they", "friend"  # how the one who buys is called


@dataclass(frozen=True, slots=True)
class RuleWords:
    """``title`` is the marketer's; ``worth`` is empty where the title says it already; ``earned`` says by what, and
    ``bounds`` what limits it."""

    title: str
    worth: str
    earned: str
    bounds: tuple[str, ...] = ()


def rule_in_words(rule: RewardRule, *, program: Program, reader: str) -> RuleWords:
    """The rule as somebody of the side ``reader`` is told of it; ``rule.conditions`` should be fetched already."""
    bounds = tuple(_bounds(rule, program, reader))
    return RuleWords(rule.title, _worth(rule, program), _earned(rule, program, reader), bounds)


def ordinal(number: int) -> str:
    """“3rd”; translators choose by the message, so that a language with one ending has one."""
    tens, ones = number % 100, number % 10
    endings = {
        1: pgettext("ordinal number", "%(n)dst"),
        2: pgettext("ordinal number", "%(n)dnd"),
        3: pgettext("ordinal number", "%(n)drd"),
    }
    ending = pgettext("ordinal number", "%(n)dth")
    return (ending if 11 <= tens <= 13 else endings.get(ones, ending)) % {"n": number}


def _worth(rule: RewardRule, program: Program) -> str:
    amount = Money(rule.amount_minor, rule.currency or program.currency)
    try:
        words = reward_kind(rule.kind).in_words(RuleFacts(amount, rule.options))
    except (KeyError, ArithmeticError, TypeError, ValueError):
        return ""  # a kind that this site no longer has, or options that no longer fit: the title stands alone
    if rule.kind == "fixed" and _says(rule.title, amount):
        return ""
    return words


def _says(title: str, amount: Money) -> bool:
    """Whether the number is in the title: “£20 gift” of £20.00 needs no second line."""
    exact = amount.decimal
    plain = f"{exact:f}"
    forms = {plain, plain.replace(".", ",")}
    if exact == exact.to_integral_value():
        forms.add(f"{exact.to_integral_value():f}")
    grouped = {f"{exact.to_integral_value():,}", f"{exact.to_integral_value():,}".replace(",", ".")}
    words = re.findall(r"\d[\d.,]*\d|\d", title)
    return any(word in forms | grouped for word in words)


def _earned(rule: RewardRule, program: Program, reader: str) -> str:
    if rule.trigger == Trigger.SIGN_UP:
        return {
            YOU: _("as soon as you leave your details"),
            THEY: _("as soon as they leave their details"),
            FRIEND: _("as soon as your friend leaves their details"),
        }[_buyer(rule, reader)]
    if rule.trigger == Trigger.GROUP:
        return _("when the group is complete")
    if rule.trigger == Trigger.POINTS:
        points = Money(rule.points_price or 0, POINTS)
        return _("for %(points)s") % {"points": points}
    if rule.trigger == Trigger.PERIOD:
        return _place(rule, program)
    return _sale(rule, _buyer(rule, reader))


def _buyer(rule: RewardRule, reader: str) -> str:
    """How the one who buys is called: by the friend “you”; by the referrer “your friend”, or “they” on a card that
    speaks of the friend already."""
    if reader == Side.FRIEND:
        return YOU
    return THEY if rule.side == Side.FRIEND else FRIEND


def _place(rule: RewardRule, program: Program) -> str:
    values = {"first": rule.rank_from, "last": rule.rank_to}
    one = rule.rank_from == rule.rank_to
    match program.leaderboard_period:
        case Period.DAY:
            text = _("for place %(first)d of the day") if one else _("for places %(first)d to %(last)d of the day")
        case Period.WEEK:
            text = _("for place %(first)d of the week") if one else _("for places %(first)d to %(last)d of the week")
        case Period.MONTH:
            text = _("for place %(first)d of the month") if one else _("for places %(first)d to %(last)d of the month")
        case Period.YEAR:
            text = _("for place %(first)d of the year") if one else _("for places %(first)d to %(last)d of the year")
        case _other:
            text = _("for place %(first)d at the end") if one else _("for places %(first)d to %(last)d at the end")
    return text % values


def _sale(rule: RewardRule, buyer: str) -> str:
    first, last = rule.sale_from, rule.sale_to
    values = {"first": ordinal(first), "last": ordinal(last or first)}
    if last is None and first == 1:
        text = {
            YOU: _("with every purchase of yours"),
            THEY: _("with every purchase of theirs"),
            FRIEND: _("with every purchase of your friend"),
        }
    elif last is None:
        text = {
            YOU: _("from your %(first)s purchase on"),
            THEY: _("from their %(first)s purchase on"),
            FRIEND: _("from your friend’s %(first)s purchase on"),
        }
    elif first == last == 1:
        text = {
            YOU: _("with your first purchase"),
            THEY: _("with their first purchase"),
            FRIEND: _("with your friend’s first purchase"),
        }
    elif first == last:
        text = {
            YOU: _("with your %(first)s purchase"),
            THEY: _("with their %(first)s purchase"),
            FRIEND: _("with your friend’s %(first)s purchase"),
        }
    else:
        text = {
            YOU: _("with your %(first)s to %(last)s purchase"),
            THEY: _("with their %(first)s to %(last)s purchase"),
            FRIEND: _("with your friend’s %(first)s to %(last)s purchase"),
        }
    return text[buyer] % values


def _bounds(rule: RewardRule, program: Program, reader: str) -> Iterator[str]:
    if rule.trigger in (Trigger.SALE, Trigger.GROUP) and rule.side == Side.REFERRER:
        yield from _friends(rule, reader)
    if rule.months:
        yield ngettext("for %(n)d month", "for %(n)d months", rule.months) % {"n": rule.months}
    yield from _conditions(rule, program)
    if rule.method == COUPON_METHOD:
        yield _("as a code that works once")
    if rule.limit_per_person is not None:
        yield ngettext("once a person", "at most %(n)d times a person", rule.limit_per_person) % {
            "n": rule.limit_per_person
        }
    if rule.stock == 0:
        yield _("all given away at the moment")


def _friends(rule: RewardRule, reader: str) -> Iterator[str]:
    first, last = rule.friend_from, rule.friend_to
    values = {"first": ordinal(first), "last": ordinal(last or first)}
    own = reader == Side.REFERRER
    if first == last:
        yield (_("with your %(first)s friend") if own else _("with their %(first)s friend")) % values
    elif last is not None:
        text = _("for your %(first)s to %(last)s friend") if own else _("for their %(first)s to %(last)s friend")
        yield text % values
    elif first > 1:
        yield (_("from your %(first)s friend on") if own else _("from their %(first)s friend on")) % values


def _conditions(rule: RewardRule, program: Program) -> Iterator[str]:
    """What a visitor can make something of; that there is more is said, too, and the terms say what."""
    said = [_condition(condition, program) for condition in rule.conditions.all()]
    yield from (words for words in said if words)
    if not all(said):
        yield _("further conditions are in the terms")


def _condition(condition: RuleCondition, program: Program) -> str:
    match condition.fact, condition.operator, condition.value:
        case "sale.amount", "gte", str(amount):
            try:
                return _("for purchases of %(amount)s or more") % {"amount": parse_amount(amount, program.currency)}
            except InvalidInput:
                return ""
        case "friend.kind", "eq", "business":
            return _("for businesses")
        case "friend.kind", "eq", "person":
            return _("for private customers")
        case "friend.is_new", "eq", True:
            return _("for new customers")
    return ""
