import pytest
from django.utils.translation import override

from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.rule import RewardKind, RuleFacts
from referral_blocks.rewards.wording import ordinal, rule_in_words
from tests.make import make_program

pytestmark = pytest.mark.django_db


def words(*, reader="referrer", **fields):
    program = make_program(rules=())
    given = {"side": "referrer", "title": "A gift", "amount_minor": 2000}
    conditions = fields.pop("conditions", ())
    rule = RewardRule.objects.create(program=program, **{**given, **fields})
    for fact, operator, value in conditions:
        rule.conditions.create(fact=fact, operator=operator, value=value)
    return rule_in_words(rule, program=program, reader=reader)


@pytest.mark.parametrize(
    ("title", "worth"),
    [
        ("A gift", "£20.00"),
        ("£20 gift", ""),
        ("£20.00 gift", ""),
        ("20 pounds for you", ""),
        ("A gift in 2026", "£20.00"),
        ("Voucher no. 200", "£20.00"),
        ("£20,00 Gutschein", ""),
    ],
)
def test_the_worth_is_said_unless_the_title_says_it(title, worth):
    assert words(title=title).worth == worth


def test_a_thousand_with_a_group_mark_counts_as_said():
    assert words(title="£1,500 off", amount_minor=150000).worth == ""


@pytest.mark.parametrize(
    ("options", "worth"),
    [
        ({"percent": "10", "floor_minor": 0}, "10% of the purchase, at most £20.00"),
        ({"percent": "7.50", "floor_minor": 500}, "7.5% of the purchase, at least £5.00, at most £20.00"),
        ({"percent": "much"}, ""),
        ({}, ""),
    ],
)
def test_a_percentage_names_share_floor_and_cap(options, worth):
    assert words(kind="percentage", options=options).worth == worth


def test_a_percentage_is_written_in_the_language_of_the_page():
    with override("de"):
        said = words(kind="percentage", options={"percent": "7.5", "floor_minor": 0}).worth
    assert said == "7,5% of the purchase, at most 20,00\xa0£"


def test_points_are_named_as_points():
    assert words(currency="PTS", amount_minor=250, method="points").worth == "250 points"


def test_a_kind_that_is_gone_leaves_the_title():
    assert words(kind="no-more").worth == ""


def test_a_kind_without_words_of_its_own_speaks_by_its_bounds():
    class Strange(RewardKind):
        label = "Strange"

        def value(self, rule, sale):
            return rule.amount

        def bounds(self, rule):
            return None, rule.amount

    program = make_program()
    rule = program.reward_rules.first()
    assert Strange().in_words(RuleFacts(rule_amount(rule, program))) == "up to £20.00"


def rule_amount(rule, program):
    from referral_blocks.core.money import Money

    return Money(rule.amount_minor, program.currency)


@pytest.mark.parametrize(
    ("fields", "own", "others"),
    [
        ({"side": "friend", "trigger": "sign_up"}, "as soon as you leave your details", "as soon as they leave their"),
        ({"trigger": "sign_up"}, "as soon as your friend leaves their details", "as soon as you leave your details"),
        ({"side": "friend"}, "with your first purchase", "with their first purchase"),
        ({"side": "friend", "sale_from": 2, "sale_to": 2}, "with your 2nd purchase", "with their 2nd purchase"),
        ({"side": "friend", "sale_to": None}, "with every purchase of yours", "with every purchase of theirs"),
        (
            {"side": "friend", "sale_from": 2, "sale_to": None},
            "from your 2nd purchase on",
            "from their 2nd purchase on",
        ),
        ({"side": "friend", "sale_from": 2, "sale_to": 4}, "with your 2nd to 4th purchase", "with their 2nd to 4th"),
        ({}, "with your friend’s first purchase", "with your first purchase"),
        ({"sale_to": None}, "with every purchase of your friend", "with every purchase of yours"),
        ({"sale_from": 3, "sale_to": 3}, "with your friend’s 3rd purchase", "with your 3rd purchase"),
        ({"sale_from": 2, "sale_to": None}, "from your friend’s 2nd purchase on", "from your 2nd purchase on"),
        ({"sale_to": 3}, "with your friend’s 1st to 3rd purchase", "with your 1st to 3rd purchase"),
        ({"trigger": "group"}, "when the group is complete", "when the group is complete"),
        ({"trigger": "period"}, "for place 1 of the month", "for place 1 of the month"),
        ({"trigger": "period", "rank_to": 3}, "for places 1 to 3 of the month", "for places 1 to 3 of the month"),
        ({"trigger": "points", "points_price": 100}, "for 100 points", "for 100 points"),
    ],
)
def test_what_earns_it_is_said_to_either_side_in_its_own_words(fields, own, others):
    side = fields.get("side", "referrer")
    other = "friend" if side == "referrer" else "referrer"
    assert words(reader=side, **fields).earned == own
    Program.objects.all().delete()
    assert words(reader=other, **fields).earned.startswith(others)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"friend_from": 3}, "from their 3rd friend on"),
        ({"friend_from": 3, "friend_to": 3}, "with their 3rd friend"),
        ({"friend_from": 5, "friend_to": 9}, "for their 5th to 9th friend"),
    ],
)
def test_a_friend_reads_of_the_referrers_friends(fields, said):
    assert words(reader="friend", **fields).bounds == (said,)


@pytest.mark.parametrize(
    ("fields", "bounds"),
    [
        ({}, ()),
        ({"friend_from": 3}, ("from your 3rd friend on",)),
        ({"friend_from": 3, "friend_to": 3}, ("with your 3rd friend",)),
        ({"friend_from": 5, "friend_to": 9}, ("for your 5th to 9th friend",)),
        ({"side": "friend", "friend_from": 3}, ()),
        ({"sale_to": None, "months": 12}, ("for 12 months",)),
        ({"limit_per_person": 1}, ("once a person",)),
        ({"limit_per_person": 3}, ("at most 3 times a person",)),
        ({"method": "coupon"}, ("as a code that works once",)),
        ({"stock": 0}, ("all given away at the moment",)),
        ({"stock": 1}, ()),
        ({"conditions": [("sale.amount", "gte", "100.00")]}, ("for purchases of £100.00 or more",)),
        ({"conditions": [("friend.kind", "eq", "business")]}, ("for businesses",)),
        ({"conditions": [("friend.is_new", "eq", True)]}, ("for new customers",)),
        ({"conditions": [("sale.metadata.tier", "eq", "x")]}, ("further conditions are in the terms",)),
        (
            {"conditions": [("sale.metadata.tier", "eq", "x"), ("friend.kind", "eq", "person")]},
            ("for private customers", "further conditions are in the terms"),
        ),
        ({"conditions": [("sale.amount", "gte", "broken")]}, ("further conditions are in the terms",)),
    ],
)
def test_what_limits_it_is_said(fields, bounds):
    assert words(**fields).bounds == bounds


def test_ordinals_end_as_they_are_spoken():
    said = [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th"]
