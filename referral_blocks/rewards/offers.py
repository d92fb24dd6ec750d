"""What a marketer says of one rule, checked as a whole: the plain values of a rule and its conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import InvalidInput, NotFound, gathering
from referral_blocks.core.money import MAX_MINOR, POINTS, parse_amount
from referral_blocks.core.text import clean_text
from referral_blocks.programs.models import Program

from .conditions import clean_condition
from .limits import COUPON_METHOD
from .models import Approval, CouponList, RewardRule, RuleCondition, Side, Trigger
from .rule import reward_kind

POINTS_METHOD = "points"
MAX_COUNT = 1_000_000
MAX_CONDITIONS = 20


@dataclass(frozen=True, slots=True)
class ConditionInput:
    """One condition as ``conditions.clean_condition`` reads it."""

    fact: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class RuleInput:
    """A rule in plain values. ``amount`` is in major units (``"20.00"``) or whole points; the ranges, ends included,
    count sales of one friend, friends of one referrer and places of a leaderboard; None has no end."""

    side: str
    title: str
    amount: str
    trigger: str = Trigger.SALE.value
    kind: str = "fixed"
    currency: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    sale_from: int = 1
    sale_to: int | None = 1
    months: int | None = None
    friend_from: int = 1
    friend_to: int | None = None
    rank_from: int = 1
    rank_to: int = 1
    points_price: int | None = None
    limit_per_person: int | None = None
    method: str = "manual"
    method_options: Mapping[str, Any] = field(default_factory=dict)
    coupon_list: CouponList | None = None
    stock: int | None = None
    low_stock_at: int = 0
    instructions: str = ""
    hold_days: int = 14
    expires_days: int | None = None
    approval: str = Approval.PERSON.value
    active: bool = True
    conditions: Sequence[ConditionInput] = ()


# field → (least, most)
LIMITS: dict[str, tuple[int, int]] = {
    "sale_from": (1, MAX_COUNT),
    "sale_to": (1, MAX_COUNT),
    "months": (1, 1200),
    "friend_from": (1, MAX_COUNT),
    "friend_to": (1, MAX_COUNT),
    "rank_from": (1, 1000),
    "rank_to": (1, 1000),
    "points_price": (1, MAX_COUNT),
    "limit_per_person": (1, MAX_COUNT),
    "stock": (0, MAX_COUNT),
    "low_stock_at": (0, MAX_COUNT),
    "hold_days": (0, 365),
    "expires_days": (1, 3650),
}
RANGES = (("sale_from", "sale_to"), ("friend_from", "friend_to"), ("rank_from", "rank_to"))
# field → the triggers that ask for it; elsewhere only its default is taken, so that no rule says what it does not do
USED_BY: dict[str, tuple[str, ...]] = {
    "sale_from": (Trigger.SALE,),
    "sale_to": (Trigger.SALE,),
    "months": (Trigger.SALE,),
    "friend_from": (Trigger.SALE, Trigger.GROUP),
    "friend_to": (Trigger.SALE, Trigger.GROUP),
    "rank_from": (Trigger.PERIOD,),
    "rank_to": (Trigger.PERIOD,),
    "points_price": (Trigger.POINTS,),
}
DEFAULTS = {"sale_from": 1, "sale_to": 1, "months": None, "friend_from": 1, "friend_to": None, "rank_from": 1,
            "rank_to": 1, "points_price": None}  # fmt: skip


def clean_rule(*, program: Program, given: RuleInput) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The rule's fields and its conditions' fields as they are stored.

    Raises InvalidInput with all that is wrong, or NotFound, with the path of the value, in camel case: ``("saleTo",)``,
    ``("conditions", "0", "value")``. Whether the method exists, and what it makes of its options, is not known on this
    floor.
    """
    _check_choices(given)  # what is asked for below depends on them
    fields = {name: getattr(given, name) for name in (*LIMITS, "trigger", "side", "kind", "method", "approval")}
    fields |= {"coupon_list": _coupon_list(program, given), "active": given.active}
    with gathering() as mistakes:
        with mistakes.check():
            _check_numbers(given)
        with mistakes.check():
            _check_kind(given)
            fields["options"] = _options(given)
        with mistakes.check():
            _check_side(given)
        with mistakes.check():
            fields["currency"] = currency = _currency(program, given)
            _check_points(currency, given.method)
            fields["amount_minor"] = _amount(program, given, currency)
        with mistakes.check():
            _check_coupons(given.method, given.coupon_list)
        with mistakes.check():
            fields["title"] = clean_text(given.title, max_length=120, path=("title",))
        with mistakes.check():
            fields["instructions"] = clean_text(
                given.instructions, max_length=2000, path=("instructions",), required=False, lines=True
            )
        with mistakes.check():
            conditions = _conditions(program, given)
    return fields, conditions


def save_rule(
    *, program: Program, rule: RewardRule | None, fields: Mapping[str, Any], conditions: Sequence[Mapping[str, Any]]
) -> RewardRule:
    """Write what ``clean_rule`` returned, as a new rule or over ``rule``."""
    with transaction.atomic():
        saved = rule or RewardRule(program=program)
        for name, value in fields.items():
            setattr(saved, name, value)
        saved.save()
        RewardRule.objects.filter(pk=saved.pk).update(stock=saved.stock)
        RuleCondition.objects.filter(rule_id=saved.pk).delete()
        RuleCondition.objects.bulk_create([RuleCondition(rule_id=saved.pk, **condition) for condition in conditions])
    return RewardRule.objects.select_related("program").get(pk=saved.pk)


def camel(name: str) -> str:
    """``sale_to`` → ``saleTo``: how callers name a value."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _refuse(message: str | Promise, code: str, *path: str) -> NoReturn:
    raise InvalidInput(message, code=code, path=tuple(camel(part) for part in path))


def _check_choices(given: RuleInput) -> None:
    with gathering() as mistakes:
        for name, choices in (("side", Side), ("trigger", Trigger), ("approval", Approval)):
            with mistakes.check():
                if getattr(given, name) not in choices.values:
                    text = _("Choose one of: %(known)s.") % {"known": ", ".join(choices.values)}
                    _refuse(text, "unknown_choice", name)


def _check_numbers(given: RuleInput) -> None:
    with gathering() as mistakes:
        for name in LIMITS:
            with mistakes.check():
                _check_number(given, name)
    with gathering() as mistakes:
        for low, high in RANGES:
            with mistakes.check():
                end = getattr(given, high)
                if end is not None and end < getattr(given, low):
                    _refuse(_("The end of the range is before its beginning."), "invalid_range", high)
        for name, triggers in USED_BY.items():
            with mistakes.check():
                if given.trigger not in triggers and getattr(given, name) != DEFAULTS[name]:
                    _refuse(_("This trigger does not ask for it. Leave it out."), "not_used", name)


def _check_number(given: RuleInput, name: str) -> None:
    least, most = LIMITS[name]
    value = getattr(given, name)
    if value is None and RewardRule._meta.get_field(name).null:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        text = _("Give a whole number from %(least)d to %(most)d.") % {"least": least, "most": most}
        _refuse(text, "out_of_range", name)


def _check_side(given: RuleInput) -> None:
    """Who can be given it, and what exchanging points costs."""
    if given.trigger == Trigger.PERIOD and given.side == Side.FRIEND:
        _refuse(_("A leaderboard’s prizes go to referrers."), "no_friend", "side")
    if given.trigger != Trigger.POINTS:
        return
    if given.side == Side.FRIEND:
        _refuse(_("Referrers exchange points."), "no_friend", "side")
    if given.points_price is None:
        _refuse(_("Say how many points it costs."), "required", "points_price")


def _check_kind(given: RuleInput) -> None:
    kinds = get_conf().REWARD_KINDS
    if given.kind not in kinds:
        _refuse(_("Choose one of: %(known)s.") % {"known": ", ".join(kinds)}, "unknown_kind", "kind")
    if reward_kind(given.kind).needs_sale and given.trigger != Trigger.SALE:
        _refuse(_("This can only be worked out from a sale."), "needs_sale", "kind")


def _options(given: RuleInput) -> dict[str, Any]:
    try:
        return reward_kind(given.kind).clean_options(given.options)
    except InvalidInput as error:
        raise error.at(lambda path: [camel(part) for part in path]) from error


def _currency(program: Program, given: RuleInput) -> str:
    """Empty for the programme's own, so that a programme whose currency changes before it starts stays whole."""
    code = given.currency.strip().upper()
    if code not in ("", program.currency, POINTS):
        _refuse(
            _("Use the programme’s currency, %(currency)s, or PTS for points.") % {"currency": program.currency},
            "currency_mismatch",
            "currency",
        )
    return POINTS if code == POINTS else ""


def _amount(program: Program, given: RuleInput, currency: str) -> int:
    if currency != POINTS:
        return parse_amount(given.amount, program.currency).amount_minor
    return parse_points(given.amount)


def parse_points(text: object) -> int:
    """Whole points as people type them; raises InvalidInput with path ``amount``."""
    digits = str(text).strip()
    points = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 15 else 0
    if not 0 < points < MAX_MINOR:
        _refuse(_("Give a whole number of points, more than zero."), "invalid_amount", "amount")
    return points


def _check_points(currency: str, method: str) -> None:
    """``currency`` is PTS or, empty, the programme's own."""
    if (currency == POINTS) != (method == POINTS_METHOD):
        _refuse(_("The currency PTS and the method “points” go together."), "currency_mismatch", "method")


def _check_coupons(method: str, coupon_list: CouponList | None) -> None:
    if method != COUPON_METHOD and coupon_list is not None:
        _refuse(_("Only the method “coupon” takes codes from a list."), "not_used", "coupon_list")
    if method == COUPON_METHOD and coupon_list is None:
        _refuse(_("Choose the list that the codes come from."), "required", "coupon_list")


def _coupon_list(program: Program, given: RuleInput) -> CouponList | None:
    if given.coupon_list is not None and given.coupon_list.program_id != program.pk:
        raise NotFound(_("There is no such coupon list in this programme."), path=("couponList",))
    return given.coupon_list


def _conditions(program: Program, given: RuleInput) -> list[dict[str, Any]]:
    if len(given.conditions) > MAX_CONDITIONS:
        text = _("Give at most %(max)d conditions.") % {"max": MAX_CONDITIONS}
        _refuse(text, "too_long", "conditions")
    cleaned = []
    with gathering() as mistakes:
        for number, condition in enumerate(given.conditions):
            with mistakes.check():
                cleaned.append(_condition(program, given.trigger, number, condition))
    return cleaned


def _condition(program: Program, trigger: str, number: int, given: ConditionInput) -> dict[str, Any]:
    here = ("conditions", str(number))
    try:
        value = clean_condition(fact=given.fact, operator=given.operator, value=given.value, program=program)
    except InvalidInput as error:
        raise error.at(lambda path: (*here, *path)) from error
    if given.fact.startswith("sale.") and trigger != Trigger.SALE:
        _refuse(_("There is no sale to ask about: the rule waits for something else."), "needs_sale", *here, "fact")
    if given.fact.startswith("friend.") and trigger in (Trigger.PERIOD, Trigger.POINTS):
        _refuse(_("There is no friend to ask about: the rule waits for something else."), "no_friend", *here, "fact")
    return {"fact": given.fact, "operator": given.operator, "value": value}
