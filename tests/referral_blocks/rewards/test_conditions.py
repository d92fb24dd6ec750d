from datetime import UTC, datetime

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.programs.models import Program
from referral_blocks.rewards.conditions import FACTS, OPERATORS, clean_condition, holds, in_words
from referral_blocks.rewards.models import RuleCondition
from referral_blocks.rewards.rule import FriendFacts, Happening, SaleFacts

PROGRAM = Program(currency="GBP", time_zone="Pacific/Auckland")
# In Auckland it is the 2nd of March already.
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SALE = SaleFacts(Money(5000, "GBP"), number=2, product="Boots", metadata={"plan": "Pro"})
HAPPENING = Happening("sale", AT, FriendFacts(number=3, kind="business", country="GB", is_new=True), SALE)
NOTHING_KNOWN = Happening("sale", AT, FriendFacts(is_new=None))


def condition(fact, operator, value):
    return RuleCondition(fact=fact, operator=operator, value=value)


# fact → operator → (a value that it meets, a value that it does not meet)
NUMBER_2 = {"eq": (2, 3), "gte": (2, 3), "lte": (2, 1), "between": ([1, 2], [3, 4])}
NUMBER_3 = {"eq": (3, 2), "gte": (3, 4), "lte": (3, 2), "between": ([3, 3], [1, 2])}


def text(yes, no):
    return {"eq": (yes, no), "ne": (no, yes), "in": ([no, yes], [no]), "not_in": ([no], [no, yes])}


CASES = {
    "sale.amount": {
        "eq": ("50.00", "50.01"),
        "gte": ("50.00", "50.01"),
        "lte": ("50.00", "49.99"),
        "between": (["50.00", "60.00"], ["50.01", "60.00"]),
    },
    "sale.currency": text("gbp", "EUR"),
    "sale.product": text("BOOTS", "Hat"),
    "sale.number": NUMBER_2,
    "friend.number": NUMBER_3,
    "friend.kind": text("business", "person"),
    "friend.country": text("GB", "DE"),
    "friend.is_new": {"eq": (True, False)},
    "date": {
        "eq": ("2026-03-02", "2026-03-01"),
        "gte": ("2026-03-02", "2026-03-03"),
        "lte": ("2026-03-02", "2026-03-01"),
        "between": (["2026-03-01", "2026-03-02"], ["2026-02-01", "2026-03-01"]),
    },
    "sale.metadata.plan": text("pro", "free"),
}
EVERY = [(fact, operator, *values) for fact, operators in CASES.items() for operator, values in operators.items()]


def test_the_cases_are_every_fact_with_every_operator_of_its_type():
    assert {(f, op) for f, op, *_ in EVERY if f in FACTS} == {
        (name, op) for name, fact in FACTS.items() for op in OPERATORS[fact.type]
    }


@pytest.mark.parametrize(("fact", "operator", "met", "unmet"), EVERY)
def test_each_operator_compares_each_fact(fact, operator, met, unmet):
    for value, expected in ((met, True), (unmet, False)):
        clean = clean_condition(fact=fact, operator=operator, value=value, program=PROGRAM)
        assert holds(condition(fact, operator, clean), HAPPENING, PROGRAM) is expected


@pytest.mark.parametrize(("fact", "operator", "met", "unmet"), [case for case in EVERY if case[0].startswith("sale.")])
def test_without_a_sale_no_condition_about_it_is_met(fact, operator, met, unmet):
    assert not holds(condition(fact, operator, met), NOTHING_KNOWN, PROGRAM)
    assert not holds(condition(fact, operator, unmet), NOTHING_KNOWN, PROGRAM)


@pytest.mark.parametrize(
    ("fact", "operator", "value"),
    [
        ("friend.country", "ne", "DE"),
        ("friend.country", "not_in", ["DE"]),
        ("friend.is_new", "eq", False),
        ("friend.is_new", "eq", True),
        ("friend.shoe_size", "eq", "42"),
        ("friend.kind", "resembles", "person"),
        ("friend.kind", "gte", "person"),
        ("friend.number", "eq", None),
        ("friend.number", "gte", "many"),
        ("friend.number", "between", [1]),
        ("friend.number", "between", 1),
        ("friend.kind", "not_in", []),
        ("date", "gte", "soon"),
    ],
)
def test_what_is_not_known_meets_nothing(fact, operator, value):
    assert holds(condition(fact, operator, value), NOTHING_KNOWN, PROGRAM) is False


def test_metadata_and_products_that_a_sale_does_not_have_meet_nothing_either():
    bare = Happening("sale", AT, sale=SaleFacts(Money(5000, "GBP")))
    for fact in ("sale.metadata.plan", "sale.product"):
        assert not holds(condition(fact, "ne", "free"), bare, PROGRAM)
        assert not holds(condition(fact, "not_in", ["free"]), bare, PROGRAM)


@pytest.mark.parametrize(
    ("fact", "operator", "value", "code", "path"),
    [
        ("sale.colour", "eq", "red", "unknown_fact", "fact"),
        ("sale.metadata.", "eq", "red", "unknown_fact", "fact"),
        ("sale.amount", "in", ["5"], "unknown_operator", "operator"),
        ("friend.is_new", "ne", True, "unknown_operator", "operator"),
        ("sale.amount", "gte", "lots", "invalid_amount", "value"),
        ("sale.amount", "gte", "5.001", "too_many_decimals", "value"),
        ("sale.amount", "between", ["9", "5"], "invalid_value", "value"),
        ("sale.amount", "between", ["9"], "invalid_value", "value"),
        ("sale.number", "eq", "2", "invalid_value", "value"),
        ("sale.number", "eq", True, "invalid_value", "value"),
        ("friend.is_new", "eq", "yes", "invalid_value", "value"),
        ("friend.kind", "in", [], "invalid_value", "value"),
        ("friend.kind", "in", "person", "invalid_value", "value"),
        ("friend.kind", "eq", "", "required", "value"),
        ("date", "gte", "2026-02-30", "invalid_value", "value"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(fact, operator, value, code, path):
    with pytest.raises(InvalidInput) as refused:
        clean_condition(fact=fact, operator=operator, value=value, program=PROGRAM)
    assert (refused.value.code, refused.value.path) == (code, (path,))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (condition("sale.amount", "between", ["5", "9"]), "The sale’s amount is between 5 – 9"),
        (condition("friend.kind", "in", ["person", "business"]), "The kind of friend is one of person, business"),
        (condition("friend.is_new", "eq", True), "The friend is a new customer is yes"),
        (condition("sale.metadata.plan", "ne", "free"), "The sale’s “plan” is not free"),
        (condition("gone", "resembles", "x"), "gone resembles x"),
    ],
)
def test_a_condition_reads_as_words(given, words):
    assert in_words(given) == words
