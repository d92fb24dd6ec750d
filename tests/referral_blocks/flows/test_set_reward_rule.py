from dataclasses import replace

import pytest
from django.test import override_settings

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.rewards.engine import judge_all
from referral_blocks.rewards.models import CouponList, RewardRule, RuleCondition
from referral_blocks.rewards.offers import ConditionInput, RuleInput
from referral_blocks.rewards.rule import Happening
from tests.make import make_program, make_referral
from tests.referral_blocks.rewards.test_conditions import AT, SALE

pytestmark = pytest.mark.django_db
GIFT = RuleInput(side="referrer", title="£20 gift", amount="20.00")


def test_a_rule_is_written_as_it_was_said():
    program = make_program(rules=())
    given = replace(
        GIFT, kind="percentage", options={"percent": "7.5"}, sale_to=None, months=6, friend_from=2, friend_to=4,
        conditions=(ConditionInput("sale.amount", "gte", "50"), ConditionInput("date", "lte", "2026-12-31")),
    )  # fmt: skip
    rule = set_reward_rule(program=program, given=given)
    assert (rule.amount_minor, rule.currency, rule.options) == (2000, "", {"percent": "7.5", "floor_minor": 0})
    assert (rule.sale_from, rule.sale_to, rule.months, rule.friend_from, rule.friend_to) == (1, None, 6, 2, 4)
    assert list(rule.conditions.values_list("fact", "operator", "value")) == [
        ("sale.amount", "gte", "50.00"),
        ("date", "lte", "2026-12-31"),
    ]


def test_changing_a_rule_replaces_all_of_it_and_leaves_promised_rewards_alone():
    program = make_referral(make_program(rules=())).program
    rule = set_reward_rule(
        program=program, given=replace(GIFT, stock=5, conditions=(ConditionInput("sale.amount", "gte", "50"),))
    )
    changed = set_reward_rule(program=program, rule=rule, given=replace(GIFT, title="£30 gift", amount="30"))
    assert (changed.pk, changed.title, changed.amount_minor, changed.stock) == (rule.pk, "£30 gift", 3000, None)
    assert (RewardRule.objects.count(), RuleCondition.objects.count()) == (1, 0)


def test_points_are_whole_and_in_their_own_currency():
    rule = set_reward_rule(
        program=make_program(rules=()), given=replace(GIFT, amount="250", currency="pts", method="points")
    )
    assert (rule.amount_minor, rule.currency, rule.value_currency) == (250, "PTS", "PTS")


def when(fact, operator="eq", value="x"):
    return (ConditionInput("sale.number", "gte", 1), ConditionInput(fact, operator, value))


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"side": "both"}, "unknown_choice", ("side",)),
        ({"trigger": "birthday"}, "unknown_choice", ("trigger",)),
        ({"approval": "never"}, "unknown_choice", ("approval",)),
        ({"title": " "}, "required", ("title",)),
        ({"title": "x" * 121}, "too_long", ("title",)),
        ({"instructions": "x\x00"}, "invalid_text", ("instructions",)),
        ({"kind": "lottery"}, "unknown_kind", ("kind",)),
        ({"method": "pigeon"}, "unknown_method", ("method",)),
        ({"amount": "0"}, "invalid_amount", ("amount",)),
        ({"amount": "1.005"}, "too_many_decimals", ("amount",)),
        ({"amount": "1.5", "currency": "PTS", "method": "points"}, "invalid_amount", ("amount",)),
        ({"amount": "9" * 15, "currency": "PTS", "method": "points"}, None, ()),
        ({"amount": "9" * 16, "currency": "PTS", "method": "points"}, "invalid_amount", ("amount",)),
        ({"currency": "EUR"}, "currency_mismatch", ("currency",)),
        ({"currency": "PTS"}, "currency_mismatch", ("method",)),
        ({"method": "points"}, "currency_mismatch", ("method",)),
        ({"kind": "percentage"}, "invalid_percent", ("options", "percent")),
        ({"kind": "percentage", "options": {"percent": "0"}}, "invalid_percent", ("options", "percent")),
        ({"kind": "percentage", "options": {"percent": "101"}}, "invalid_percent", ("options", "percent")),
        ({"kind": "percentage", "options": {"percent": "NaN"}}, "invalid_percent", ("options", "percent")),
        (
            {"kind": "percentage", "options": {"percent": "5", "floor_minor": -1}},
            "invalid_amount",
            ("options", "floorMinor"),
        ),
        ({"kind": "percentage", "trigger": "sign_up"}, "needs_sale", ("kind",)),
        ({"sale_from": 3, "sale_to": 2}, "invalid_range", ("saleTo",)),
        ({"friend_from": 3, "friend_to": 2}, "invalid_range", ("friendTo",)),
        ({"trigger": "period", "rank_from": 3, "rank_to": 2}, "invalid_range", ("rankTo",)),
        ({"sale_from": 0}, "out_of_range", ("saleFrom",)),
        ({"sale_from": None}, "out_of_range", ("saleFrom",)),
        ({"friend_from": True}, "out_of_range", ("friendFrom",)),
        ({"months": 0}, "out_of_range", ("months",)),
        ({"stock": -1}, "out_of_range", ("stock",)),
        ({"hold_days": 366}, "out_of_range", ("holdDays",)),
        ({"expires_days": 0}, "out_of_range", ("expiresDays",)),
        ({"limit_per_person": 0}, "out_of_range", ("limitPerPerson",)),
        ({"trigger": "sign_up", "sale_to": None}, "not_used", ("saleTo",)),
        ({"trigger": "sign_up", "friend_from": 2}, "not_used", ("friendFrom",)),
        ({"trigger": "group", "months": 3}, "not_used", ("months",)),
        ({"trigger": "period", "friend_from": 2}, "not_used", ("friendFrom",)),
        ({"rank_to": 3}, "not_used", ("rankTo",)),
        ({"side": "friend", "trigger": "period"}, "no_friend", ("side",)),
        ({"method": "coupon"}, "required", ("couponList",)),
        ({"conditions": when("sale.colour")}, "unknown_fact", ("conditions", "1", "fact")),
        ({"conditions": when("sale.product", "gte")}, "unknown_operator", ("conditions", "1", "operator")),
        ({"conditions": when("sale.amount", "gte", "lots")}, "invalid_amount", ("conditions", "1", "value")),
        ({"conditions": when("sale.number", "eq", 1) * 11}, "too_long", ("conditions",)),
        (
            {"trigger": "sign_up", "conditions": (ConditionInput("sale.number", "eq", 1),)},
            "needs_sale",
            ("conditions", "0", "fact"),
        ),
        (
            {"trigger": "period", "conditions": (ConditionInput("friend.number", "eq", 1),)},
            "no_friend",
            ("conditions", "0", "fact"),
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(given, code, path):
    program = make_program(rules=())
    if code is None:
        assert set_reward_rule(program=program, given=replace(GIFT, **given)).amount_minor == int(given["amount"])
        return
    with pytest.raises(DomainError) as refused:
        set_reward_rule(program=program, given=replace(GIFT, **given))
    assert (refused.value.code, refused.value.path) == (code, path)
    assert (RewardRule.objects.count(), RuleCondition.objects.count()) == (0, 0)


def test_a_coupon_list_or_rule_of_another_programme_is_unknown_here():
    program, other = make_program(rules=()), make_program(rules=(), slug="other")
    theirs = CouponList.objects.create(program=other, name="Theirs")
    with pytest.raises(DomainError) as refused:
        set_reward_rule(program=program, given=replace(GIFT, method="coupon", coupon_list=theirs))
    assert (refused.value.code, refused.value.path) == ("not_found", ("couponList",))
    rule = set_reward_rule(program=other, given=GIFT)
    with pytest.raises(DomainError) as refused:
        set_reward_rule(program=program, rule=rule, given=replace(GIFT, title="Mine"))
    assert (refused.value.code, refused.value.path) == ("not_found", ("rule",))
    assert list(RewardRule.objects.values_list("program", "title")) == [(other.pk, "£20 gift")]


def test_only_the_method_coupon_takes_a_list():
    program = make_program(rules=())
    mine = CouponList.objects.create(program=program, name="Mine")
    with pytest.raises(DomainError) as refused:
        set_reward_rule(program=program, given=replace(GIFT, coupon_list=mine))
    assert (refused.value.code, refused.value.path) == ("not_used", ("couponList",))
    rule = set_reward_rule(program=program, given=replace(GIFT, method="coupon", coupon_list=mine))
    assert rule.coupon_list == mine


def test_a_refused_change_leaves_the_rule_as_it_was():
    program = make_program(rules=())
    rule = set_reward_rule(
        program=program, given=replace(GIFT, conditions=(ConditionInput("sale.amount", "gte", "50"),))
    )
    with pytest.raises(DomainError):
        set_reward_rule(program=program, rule=rule, given=replace(GIFT, title="Other", sale_from=5))
    assert RewardRule.objects.get().title == "£20 gift"
    assert RuleCondition.objects.count() == 1


@override_settings(REFERRAL_BLOCKS={"REWARD_KINDS": {"fixed": "referral_blocks.rewards.rules.fixed.FixedReward"}})
def test_a_rule_of_a_kind_that_the_site_has_removed_pays_nothing():
    gone = {"side": "referrer", "title": "Gone", "amount_minor": 100, "kind": "percentage", "sale_to": None}
    program = make_program(rules=(gone,))
    (verdict,) = judge_all(program=program, happening=Happening("sale", AT, sale=SALE))
    assert (verdict.fires, verdict.because) == (False, ("This site knows no rewards of the kind “percentage”.",))


def test_all_that_is_wrong_with_a_rule_is_told_at_once():
    given = replace(
        GIFT, title=" ", amount="1.999", kind="percentage", options={"percent": "101"}, method="pigeon", hold_days=-1,
        expires_days=0, conditions=(ConditionInput("sale.number", "gte", 1), *when("sale.colour"), *when("moon")),
    )  # fmt: skip
    with pytest.raises(DomainError) as refused:
        set_reward_rule(program=make_program(rules=()), given=given)
    assert [(one.code, ".".join(one.path)) for one in refused.value.all] == [
        ("unknown_method", "method"),
        ("out_of_range", "holdDays"),
        ("out_of_range", "expiresDays"),
        ("invalid_percent", "options.percent"),
        ("too_many_decimals", "amount"),
        ("required", "title"),
        ("unknown_fact", "conditions.2.fact"),
        ("unknown_fact", "conditions.4.fact"),
    ]
    assert not RewardRule.objects.exists()


def test_choices_that_the_rest_depends_on_are_told_first():
    given = replace(GIFT, side="both", trigger="birthday", title=" ")
    with pytest.raises(DomainError) as refused:
        set_reward_rule(program=make_program(rules=()), given=given)
    assert [one.path for one in refused.value.all] == [("side",), ("trigger",)]
