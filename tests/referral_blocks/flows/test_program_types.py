"""Every type of programme as rules alone, through the real flows, with exact rewards."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

import referral_blocks
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.import_customers import import_customers
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.ledger.selectors import unbalanced_entries
from referral_blocks.rewards.engine import judge_all
from referral_blocks.rewards.models import CouponCode, CouponList, Reward, Trigger
from referral_blocks.rewards.offers import ConditionInput, RuleInput
from referral_blocks.rewards.rule import FriendFacts, Happening
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Friend:
    """Somebody who leaves their details on day 0; ``sales`` are (day, amount)."""

    sales: tuple[tuple[int, str], ...] = ((1, "100"),)
    kind: str = "person"
    extra: dict = field(default_factory=dict)  # of every sale


def rule(side: str, amount: str = "20", **given) -> RuleInput:
    return RuleInput(side=side, title=f"{side} {amount}", amount=amount, **given)


def condition(fact: str, operator: str, value) -> ConditionInput:
    return ConditionInput(fact, operator, value)


ONE = (Friend(),)
REFERRER_20, FRIEND_10 = ("referrer", 1, None, 2000, "GBP"), ("friend", 1, None, 1000, "GBP")

# name → rules, friends, and the rewards as (side, friend, sale, minor units, currency); sale None: at sign-up
TYPES = {
    "one-sided": ([rule("referrer")], ONE, [("referrer", 1, 1, 2000, "GBP")]),
    "two-sided": (
        [rule("referrer"), rule("friend", "10")],
        ONE,
        [("referrer", 1, 1, 2000, "GBP"), ("friend", 1, 1, 1000, "GBP")],
    ),
    "at sign-up": (
        [rule("referrer", trigger="sign_up"), rule("friend", "10", trigger="sign_up")],
        (Friend(sales=()),),
        [REFERRER_20, FRIEND_10],
    ),
    "at a qualified sale": (
        [rule("referrer", conditions=(condition("sale.amount", "gte", "50"),))],
        (Friend(((1, "49.99"),)), Friend(((1, "50"),))),
        [("referrer", 2, 1, 2000, "GBP")],
    ),
    "first sale only": ([rule("referrer")], (Friend(((1, "100"), (2, "100"))),), [("referrer", 1, 1, 2000, "GBP")]),
    "every sale": (
        [rule("referrer", sale_to=None)],
        (Friend(((1, "100"), (2, "100"), (3, "100"))),),
        [("referrer", 1, n, 2000, "GBP") for n in (1, 2, 3)],
    ),
    "renewals only": (
        [rule("referrer", sale_from=2, sale_to=None)],
        (Friend(((1, "100"), (2, "100"), (3, "100"))),),
        [("referrer", 1, n, 2000, "GBP") for n in (2, 3)],
    ),
    "up to the second sale": (
        [rule("referrer", sale_to=2)],
        (Friend(((1, "100"), (2, "100"), (3, "100"))),),
        [("referrer", 1, n, 2000, "GBP") for n in (1, 2)],
    ),
    "every sale for two months": (
        [rule("referrer", sale_to=None, months=2)],
        (Friend(((0, "100"), (60, "100"), (61, "100"))),),  # 2 March + 2 months is 2 May, day 61
        [("referrer", 1, n, 2000, "GBP") for n in (1, 2)],
    ),
    "percentage with cap and floor": (
        [rule("referrer", "30", kind="percentage", options={"percent": "10", "floor_minor": 500})],
        (Friend(((1, "12.34"),)), Friend(((1, "123.45"),)), Friend(((1, "999"),))),
        [("referrer", 1, 1, 500, "GBP"), ("referrer", 2, 1, 1235, "GBP"), ("referrer", 3, 1, 3000, "GBP")],
    ),
    "milestone: from the third friend": (
        [rule("referrer", friend_from=3)],
        (Friend(), Friend(), Friend(), Friend()),
        [("referrer", n, 1, 2000, "GBP") for n in (3, 4)],
    ),
    "milestone: the third friend, once": (
        [rule("referrer", friend_from=3, friend_to=3)],
        (Friend(), Friend(), Friend(), Friend()),
        [("referrer", 3, 1, 2000, "GBP")],
    ),
    "tier: second and third friend more": (
        [
            rule("referrer", "5", friend_to=1),
            rule("referrer", "8", friend_from=2, friend_to=3),
            rule("referrer", "5", friend_from=4),
        ],
        (Friend(), Friend(), Friend(), Friend()),
        [("referrer", n, 1, minor, "GBP") for n, minor in ((1, 500), (2, 800), (3, 800), (4, 500))],
    ),
    "a business is worth more than a person": (
        [
            rule("referrer", "20", conditions=(condition("friend.kind", "eq", "person"),)),
            rule("referrer", "100", conditions=(condition("friend.kind", "eq", "business"),)),
        ],
        (Friend(), Friend(kind="business")),
        [("referrer", 1, 1, 2000, "GBP"), ("referrer", 2, 1, 10_000, "GBP")],
    ),
    "points": (
        [
            rule("referrer", "250", currency="PTS", method="points"),
            rule("friend", "500", currency="PTS", method="points", kind="percentage", options={"percent": "100"}),
        ],
        (Friend(((1, "42.60"),)),),
        [("referrer", 1, 1, 250, "PTS"), ("friend", 1, 1, 43, "PTS")],
    ),
    "donation": (
        [rule("referrer", "15", method="manual", instructions="Send it to the animal shelter in the referrer’s name.")],
        ONE,
        [("referrer", 1, 1, 1500, "GBP")],
    ),
    "new customers only": (
        [rule("referrer", conditions=(condition("friend.is_new", "eq", True),))],
        (Friend(), Friend(extra={"known": True})),
        [("referrer", 1, 1, 2000, "GBP")],
    ),
    "one product, one plan": (
        [
            rule("referrer", conditions=(condition("sale.product", "in", ["Boots", "Bag"]),)),
            rule("friend", "10", conditions=(condition("sale.metadata.plan", "ne", "free"),)),
        ],
        (Friend(extra={"product": "boots"}), Friend(extra={"product": "Hat", "metadata": {"plan": "pro"}})),
        [("referrer", 1, 1, 2000, "GBP"), ("friend", 2, 1, 1000, "GBP")],
    ),
    "at most two rewards a person": (
        [rule("referrer", limit_per_person=2)],
        (Friend(), Friend(), Friend()),
        [("referrer", n, 1, 2000, "GBP") for n in (1, 2)],
    ),
}  # fmt: skip


def play(program, friends):
    """The whole story of each friend, one after the other."""
    code = make_link(program).code
    import_customers(site_id=program.site_id, contacts=[f"f{n}@x.example" for n, f in enumerate(friends, 1)
                                                        if f.extra.get("known")] or ["old@x.example"])  # fmt: skip
    for number, friend in enumerate(friends, 1):
        email = f"f{number}@x.example"
        capture_referral(
            program=program, email=email, name=f"F {number}", accept_terms=True, code=code, kind=friend.kind
        )
        extra = {key: value for key, value in friend.extra.items() if key != "known"}
        for order, (day, amount) in enumerate(friend.sales, 1):
            with time_machine.travel(START + timedelta(days=day), tick=False):
                record_sale(
                    program=program, source="api", external_id=f"{number}-{order}", friend_email=email, amount=amount,
                    currency="GBP", **extra,
                )  # fmt: skip


def earned(program):
    rows = Reward.objects.filter(program=program).order_by("referral__pk", "pk")
    rows = rows.values_list("side", "referral__friend__email", "sale__number", "amount_minor", "currency")
    return [(side, int(email.split("@")[0][1:]), sale, minor, currency) for side, email, sale, minor, currency in rows]


@pytest.mark.parametrize("name", TYPES)
def test_every_type_of_programme_is_rules_and_pays_exactly(name):
    rules, friends, expected = TYPES[name]
    with time_machine.travel(START, tick=False):
        program = make_program(rules=())
        for given in rules:
            set_reward_rule(program=program, given=given)
        play(program, friends)
    assert earned(program) == expected
    assert unbalanced_entries() == []


def test_the_friend_gets_a_single_use_coupon_and_the_next_one_waits_when_none_is_left():
    program = make_program(rules=())
    coupons = CouponList.objects.create(program=program, name="£10 off")
    CouponCode.objects.create(coupon_list=coupons, code="SAVE-1")
    given = rule("friend", "10", method="coupon", coupon_list=coupons, trigger="sign_up")
    set_reward_rule(program=program, given=given)
    play(program, (Friend(sales=()), Friend(sales=())))
    first, second = Reward.objects.order_by("pk")
    assert first.coupon.code == "SAVE-1"
    assert [r.reason for r in second.pending_reasons.order_by("reason")] == ["approval", "hold", "stock"]


def test_signing_up_twice_earns_once_and_a_flagged_friend_waits_for_a_review():
    program = make_program(rules=())
    set_reward_rule(program=program, given=rule("referrer", trigger="sign_up", hold_days=0, approval="automatic"))
    link = make_link(program, email="robin@gmail.com")
    for _ in range(2):
        capture_referral(program=program, email="r.obin@gmail.com", name="R", accept_terms=True, code=link.code)
    reward = Reward.objects.get()
    assert (reward.trigger_key, reward.state) == (f"referral:{reward.referral_id}:sign_up", "pending")
    assert [r.reason for r in reward.pending_reasons.all()] == ["review"]


@pytest.mark.parametrize(
    ("given", "happening", "minor"),
    [
        (rule("referrer", trigger="group"), Happening("group", START), 2000),
        (rule("friend", trigger="group"), Happening("group", START), 2000),
        (rule("friend", trigger="group", friend_from=2), Happening("group", START, FriendFacts(number=1)), None),
        (rule("referrer", "50", trigger="period", rank_to=3), Happening("period", START, rank=3), 5000),
        (rule("referrer", "50", trigger="period", rank_to=3), Happening("period", START, rank=4), None),
    ],
)
def test_group_deals_and_leaderboard_prizes_are_judged_by_rules_too(given, happening, minor):
    program = make_program(rules=())
    set_reward_rule(program=program, given=given)
    (verdict,) = judge_all(program=program, happening=happening)
    assert (verdict.amount and verdict.amount.amount_minor) == minor


def test_no_code_asks_which_kind_of_programme_it_is():
    source = Path(referral_blocks.__file__).parent
    asking = [p for p in source.rglob("*.py") if "program.kind" in p.read_text() or "program_type" in p.read_text()]
    assert asking == []


def test_triggers_are_all_covered():
    tried = {given.trigger for rules, *_ in TYPES.values() for given in rules} | {"group", "period", "points"}
    assert tried == set(Trigger.values)
