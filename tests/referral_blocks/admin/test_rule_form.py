"""Marketers say in the programme's form what a reward waits for; only what its trigger asks for counts."""

import pytest
from django.urls import reverse

from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import CouponCode, CouponList, RewardRule, RuleCondition
from tests.make import make_program

from .test_programs import add, edit, rule, stored

pytestmark = pytest.mark.django_db

ALL_SHOWN = {
    "trigger": "sale", "currency_unit": "", "percent": "", "least": "", "friend_from": "1", "friend_to": "",
    "sale_from": "1", "sale_to": "1", "months": "", "rank_from": "1", "rank_to": "1", "points_price": "",
    "coupon_list": "", "limit_per_person": "", "expires_days": "",
}  # fmt: skip


def shown(**given):
    """A row of a browser without scripts, which sends every field."""
    return rule(**{**ALL_SHOWN, **given})


def errors(page):
    return page.context["form"].formsets["reward_rules"].forms[0].errors


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {"trigger": "sale", "sale_from": 1, "sale_to": 1, "friend_to": None, "points_price": None}),
        ({"trigger": "sign_up"}, {"trigger": "sign_up", "sale_to": 1}),
        ({"sale_to": ""}, {"sale_from": 1, "sale_to": None}),
        ({"sale_from": "2", "sale_to": "", "months": "12"}, {"sale_from": 2, "sale_to": None, "months": 12}),
        ({"friend_from": "3", "friend_to": "3"}, {"friend_from": 3, "friend_to": 3}),
        ({"friend_from": "5", "friend_to": "9"}, {"friend_from": 5, "friend_to": 9}),
        ({"trigger": "group"}, {"trigger": "group"}),
        ({"trigger": "period", "rank_to": "3"}, {"trigger": "period", "rank_from": 1, "rank_to": 3}),
        ({"trigger": "points", "points_price": "300"}, {"trigger": "points", "points_price": 300}),
        ({"value": "250", "currency_unit": "PTS", "method": "points"}, {"currency": "PTS", "amount_minor": 250}),
        (
            {"kind": "percentage", "percent": "7.5", "value": "50", "least": "2"},
            {"options": {"percent": "7.5", "floor_minor": 200}, "amount_minor": 5000},
        ),
        ({"limit_per_person": "1", "expires_days": "30"}, {"limit_per_person": 1, "expires_days": 30}),
    ],
)
def test_a_rule_says_what_it_waits_for(admin_client, given, kept):
    assert add(admin_client, rules=[shown(**given)]).status_code == 302
    saved = RewardRule.objects.get()
    assert {name: getattr(saved, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({"trigger": "points"}, "points_price", "Say how many points it costs."),
        (
            {"trigger": "points", "points_price": "0"}, "points_price",
            "Ensure this value is greater than or equal to 1.",
        ),
        (
            {"trigger": "points", "points_price": "9", "side": "friend"}, "side", "Referrers exchange points.",
        ),
        ({"trigger": "period", "side": "friend"}, "side", "A leaderboard’s prizes go to referrers."),
        ({"points_price": "300"}, "points_price", "This trigger does not ask for it. Leave it out."),
        ({"trigger": "sign_up", "friend_from": "3"}, "friend_from", "This trigger does not ask for it. Leave it out."),
        ({"friend_from": "5", "friend_to": "3"}, "friend_to", "The end of the range is before its beginning."),
        (
            {"trigger": "sign_up", "kind": "percentage", "percent": "10"}, "kind",
            "This can only be worked out from a sale.",
        ),
        (
            {"kind": "percentage", "percent": ""}, "percent",
            "Give a percentage of more than 0 and at most 100, such as 10.",
        ),
        (
            {"kind": "percentage", "percent": "101"}, "percent",
            "Give a percentage of more than 0 and at most 100, such as 10.",
        ),
        (
            {"kind": "percentage", "percent": "10", "least": "2.001"}, "least", "GBP has 2 decimals; “2.001” has more.",
        ),
        (
            {"currency_unit": "PTS"}, "method", "The currency PTS and the method “points” go together.",
        ),
        ({"trigger": "nonsense"}, "trigger", "Select a valid choice. nonsense is not one of the available choices."),
        ({"method": "coupon"}, "coupon_list", "Choose the list that the codes come from."),
        ({"expires_days": "9999"}, "expires_days", "Give a whole number from 1 to 3650."),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_trigger_is_refused_beside_its_field(admin_client, given, field, error):
    page = add(admin_client, rules=[shown(**given)])
    assert errors(page) == {field: [error]}
    assert (Program.objects.count(), RewardRule.objects.count()) == (0, 0)


def test_all_that_is_wrong_with_a_rule_stands_beside_its_field(admin_client):
    wrong = {"kind": "percentage", "percent": "101", "value": "1.999", "friend_from": "5", "friend_to": "4"}
    page = add(admin_client, rules=[shown(**{**wrong, "title": "Gift\u202e"})])
    assert errors(page) == {
        "friend_to": ["The end of the range is before its beginning."],
        "percent": ["Give a percentage of more than 0 and at most 100, such as 10."],
        "value": ["GBP has 2 decimals; “1.999” has more."],
        "title": ["Remove the control characters from this text."],
    }
    assert (Program.objects.count(), RewardRule.objects.count()) == (0, 0)


def test_what_the_page_does_not_send_stays_or_falls_away_with_its_trigger(admin_client):
    program = make_program(rules=())
    points = {"sale_from": 2, "sale_to": None, "friend_from": 3, "friend_to": 9, "months": 6}
    saved = RewardRule.objects.create(program=program, side="referrer", title="Later", amount_minor=500, **points)
    assert edit(admin_client, program, rules=[stored(saved, value="6")], initial=1).status_code == 302
    saved.refresh_from_db()
    assert {name: getattr(saved, name) for name in points} == points
    assert saved.amount_minor == 600
    rows = [stored(saved, value="6", trigger="points", points_price="300")]
    assert edit(admin_client, program, rules=rows, initial=1).status_code == 302
    saved.refresh_from_db()
    assert (saved.trigger, saved.points_price, saved.sale_from, saved.sale_to, saved.friend_from, saved.friend_to) == (
        "points", 300, 1, 1, 1, None,
    )  # fmt: skip


def test_a_percentage_is_shown_as_it_was_typed_and_kept_by_a_page_that_does_not_ask(admin_client):
    program = make_program(rules=())
    options = {"percent": "12.5", "floor_minor": 150}
    saved = RewardRule.objects.create(
        program=program, side="referrer", title="Share", amount_minor=5000, kind="percentage", options=options
    )
    form = admin_client.get(reverse("referral_programs:edit", args=[program.pk])).context["form"]
    shown_rule = form.formsets["reward_rules"].forms[0]
    assert [shown_rule[name].value() for name in ("percent", "least", "value")] == ["12.5", "1.50", "50.00"]
    rows = [stored(saved, value="60.00", kind="percentage")]
    assert edit(admin_client, program, rules=rows, initial=1).status_code == 302
    saved.refresh_from_db()
    assert (saved.options, saved.amount_minor) == (options, 6000)


def test_conditions_stay_are_read_aloud_and_guard_the_trigger(admin_client):
    program = make_program(rules=())
    saved = RewardRule.objects.create(program=program, side="referrer", title="Big ones", amount_minor=500)
    RuleCondition.objects.create(rule=saved, fact="sale.amount", operator="gte", value="100.00")
    page = admin_client.get(reverse("referral_programs:edit", args=[program.pk])).content.decode()
    assert "The sale’s amount is at least 100.00" in page
    assert edit(admin_client, program, rules=[stored(saved, value="6")], initial=1).status_code == 302
    refused = edit(admin_client, program, rules=[stored(saved, value="7", trigger="sign_up")], initial=1)
    assert errors(refused) == {"__all__": ["There is no sale to ask about: the rule waits for something else."]}
    saved.refresh_from_db()
    assert (saved.trigger, saved.amount_minor, saved.conditions.count()) == ("sale", 600, 1)


def test_a_coupon_comes_from_one_of_the_programmes_own_lists(admin_client):
    program, other = make_program(rules=()), make_program(rules=(), slug="other")
    own, foreign = (CouponList.objects.create(program=p, name="Summer") for p in (program, other))
    CouponCode.objects.create(coupon_list=own, code="ABC")
    saved = RewardRule.objects.create(program=program, side="friend", title="Code", amount_minor=500)
    refused = edit(
        admin_client, program, initial=1,
        rules=[stored(saved, value="5", method="coupon", coupon_list=str(foreign.pk))],
    )  # fmt: skip
    assert errors(refused) == {
        "coupon_list": ["Select a valid choice. That choice is not one of the available choices."]
    }
    rows = [stored(saved, value="5", method="coupon", coupon_list=str(own.pk))]
    assert edit(admin_client, program, rules=rows, initial=1).status_code == 302
    saved.refresh_from_db()
    assert (saved.method, saved.coupon_list) == ("coupon", own)
    assert edit(admin_client, program, rules=[stored(saved, value="6", method="coupon")], initial=1).status_code == 302
    saved.refresh_from_db()
    assert (saved.amount_minor, saved.coupon_list) == (600, own)
    assert edit(admin_client, program, rules=[stored(saved, value="6")], initial=1).status_code == 302
    saved.refresh_from_db()
    assert (saved.method, saved.coupon_list) == ("manual", None)


def test_the_stock_that_sales_have_lowered_is_not_written_back(admin_client):
    program = make_program(rules=())
    saved = RewardRule.objects.create(program=program, side="friend", title="Mug", amount_minor=500, stock=3)
    assert edit(admin_client, program, rules=[stored(saved, value="6")], initial=1).status_code == 302
    saved.refresh_from_db()
    assert (saved.amount_minor, saved.stock) == (600, 3)


def test_each_field_says_what_it_waits_for_and_stands_in_the_page_once(admin_client):
    page = admin_client.get(reverse("referral_programs:add")).content.decode()
    assert page.count('name="reward_rules-0-points_price"') == 1
    assert page.count('name="reward_rules-0-option_manual_kind"') == 1
    assert 'data-rb-triggers="points"' in page
    assert "referral_blocks/admin/reward-rules.js" in page
