from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.apps import apps

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.preview_rewards import SaleInput, preview_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.referrals.models import Review
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import CouponList, PendingReason, Reward
from referral_blocks.rewards.offers import ConditionInput, RuleInput
from referral_blocks.rewards.rule import FriendFacts
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
GIFT = RuleInput(side="referrer", title="Gift", amount="20", hold_days=0, approval="automatic")
SALE = SaleInput("100")


def make(*rules, **fields):
    program = make_program(rules=(), **fields)
    for rule in rules:
        set_reward_rule(program=program, given=rule)
    return program


def sell(program, email="friend@example.com", order="1", amount="100"):
    return record_sale(
        program=program, source="api", external_id=order, friend_email=email, amount=amount, currency="GBP"
    )


def reasons(preview):
    return [str(wait.reason) for wait in preview.waits]


def test_every_rule_says_whether_it_fires_for_whom_how_much_and_why():
    program = make(
        GIFT,
        replace(GIFT, side="friend", kind="percentage", amount="30", options={"percent": "10"}),
        replace(GIFT, sale_from=2, sale_to=3, conditions=(ConditionInput("sale.amount", "gte", "150"),)),
        replace(GIFT, trigger="sign_up"),
        replace(GIFT, active=False),
        replace(GIFT, friend_from=5),
    )
    shown = [(p.side, p.fires, p.amount_text, p.because) for p in preview_rewards(program=program, sale=SALE)]
    assert shown == [
        ("referrer", True, "£20.00", ("All conditions are met.",)),
        ("friend", True, "£10.00", ("All conditions are met.",)),
        (
            "referrer",
            False,
            "",
            (
                "This is sale 1 of the friend; the rule counts 2 to 3.",
                "Not met: The sale’s amount is at least 150.00.",
            ),
        ),
        ("referrer", False, "", ("The rule waits for something else: A friend leaves their details.",)),
        ("referrer", False, "", ("The rule is switched off.",)),
        ("referrer", False, "", ("This is friend 1 of the referrer; the rule counts 5 and above.",)),
    ]


def test_facts_about_an_imagined_friend_and_other_triggers_count():
    program = make(
        replace(GIFT, sale_to=None, friend_from=3, conditions=(ConditionInput("friend.kind", "eq", "business"),)),
        replace(GIFT, trigger="period", rank_to=3),
    )
    business = FriendFacts(number=3, kind="business")
    fires = [p.fires for p in preview_rewards(program=program, sale=replace(SALE, number=4), friend=business)]
    assert fires == [True, False]
    assert [p.fires for p in preview_rewards(program=program, trigger="period", rank=3)] == [False, True]
    assert [p.fires for p in preview_rewards(program=program, trigger="period", rank=4)] == [False, False]


def test_what_it_would_wait_for_is_told_with_its_date_and_in_words():
    with time_machine.travel(NOW, tick=False):
        program = make(replace(GIFT, hold_days=14, approval="person"), budget_minor=1999)
        (preview,) = preview_rewards(program=program, sale=SALE)
    assert [(w.reason, w.until) for w in preview.waits] == [
        ("hold", NOW + timedelta(days=14)), ("approval", None), ("budget", None)
    ]  # fmt: skip
    assert preview.waits[2].sentence == "The programme’s budget is spent for now"


LIMITS = {
    "free": ({}, {}, [[], []]),
    "budget for one": ({}, {"budget_minor": 3999}, [[], ["budget"]]),
    "cap for one": ({}, {"referrer_cap_minor": 3999}, [[], ["cap"]]),
    "stock for one in each rule": ({"stock": 1}, {}, [[], []]),
    "nothing in stock": ({"stock": 0}, {"referrer_cap_minor": 2000}, [["stock"], ["stock"]]),
    "cap and budget": ({}, {"referrer_cap_minor": 0, "budget_minor": 0}, [["budget", "cap"]] * 2),
    "a reward that waits for stock leaves the budget": ({"stock": 0}, {"budget_minor": 4000}, [["stock"], ["stock"]]),
    "a held reward takes its part, too": ({"hold_days": 5}, {"budget_minor": 2000}, [["hold"], ["budget", "hold"]]),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_the_preview_foresees_exactly_what_the_real_thing_does(name):
    rule, fields, expected = LIMITS[name]
    program = make(*[replace(GIFT, **rule)] * 2, **fields)
    make_referral(program)
    previews = preview_rewards(program=program, sale=SALE, friend_email="friend@example.com")
    assert [sorted(reasons(p)) for p in previews] == expected
    sell(program)
    for preview, reward in zip(previews, Reward.objects.order_by("pk"), strict=True):
        assert (preview.fires, preview.amount, preview.rule_id) == (True, reward.amount, reward.rule_id)
        waits = PendingReason.objects.filter(reward=reward).values_list("reason", flat=True)
        assert sorted(waits) == sorted(reasons(preview))


def test_that_somebody_has_not_said_where_to_send_it_is_foreseen(monkeypatch):
    monkeypatch.setattr(ManualProvider, "capabilities", replace(ManualProvider.capabilities, needs_account=True))
    program = make(GIFT, replace(GIFT, side="friend", hold_days=5))
    make_referral(program)
    previews = preview_rewards(program=program, sale=SALE, friend_email="friend@example.com")
    assert [reasons(p) for p in previews] == [["payout_details"], ["hold", "payout_details"]]
    # Of somebody who is only imagined nothing is known.
    assert [reasons(p) for p in preview_rewards(program=program, sale=SALE)] == [[], ["hold"]]
    sell(program)
    for preview, reward in zip(previews, Reward.objects.order_by("pk"), strict=True):
        assert sorted(reward.pending_reasons.values_list("reason", flat=True)) == reasons(preview)


def test_an_empty_coupon_list_is_foreseen():
    program = make_program(rules=())
    coupons = CouponList.objects.create(program=program, name="Codes")
    set_reward_rule(program=program, given=replace(GIFT, side="friend", method="coupon", coupon_list=coupons))
    assert [reasons(p) for p in preview_rewards(program=program, sale=SALE)] == [["stock"]]


def test_a_known_friend_brings_their_own_facts():
    program = make(replace(GIFT, sale_to=None, friend_from=2), replace(GIFT, sale_from=2, sale_to=2))
    link = make_link(program)
    for n in (1, 2):
        make_referral(program, email=f"f{n}@example.com", link=link)
    sell(program, "f1@example.com")

    def fires(n):
        return [p.fires for p in preview_rewards(program=program, sale=SALE, friend_email=f"F{n}@example.com")]

    assert fires(1) == [False, True]  # friend 1, sale 2
    assert fires(2) == [True, False]  # would be friend 2, sale 1
    sell(program, "f2@example.com", "2")
    assert list(Reward.objects.values_list("referral__friend__email", flat=True)) == ["f2@example.com"]


def test_review_limits_a_person_and_blocked_friends_are_foreseen():
    program = make(replace(GIFT, limit_per_person=1, sale_to=None))
    referral = make_referral(program)
    set_review(referral=referral, to=Review.FLAGGED, reason="test")

    def preview():
        return preview_rewards(program=program, sale=SALE, friend_email="friend@example.com")[0]

    assert (preview().fires, reasons(preview())) == (True, ["review"])
    sell(program)
    assert (preview().fires, preview().because) == (
        False, ("This person has had the most that the rule gives: 1.",)
    )  # fmt: skip
    assert sell(program, order="2").rewards == []


def test_a_blocked_friend_earns_nothing(django_user_model):
    program = make(replace(GIFT, sale_to=None))
    referral = make_referral(program)
    set_review(referral=referral, to=Review.FLAGGED, reason="test")
    staff = django_user_model.objects.create_user("staff")
    review_referral(referral=referral, approve=False, note="The same person.", actor=staff)
    (preview,) = preview_rewards(program=program, sale=SALE, friend_email="friend@example.com")
    assert (preview.fires, preview.amount, preview.waits) == (False, None, ())
    assert sell(program).rewards == []


def test_a_friend_whose_time_to_buy_is_over_earns_nothing():
    program = make(GIFT, credit_window_days=10)
    referral = make_referral(program)
    (preview,) = preview_rewards(
        program=program, sale=SALE, friend_email="friend@example.com", at=referral.credit_expires_at + timedelta(days=1)
    )
    assert (preview.fires, preview.because) == (
        False, ("The friend’s time to buy is over: the sale would be refused.",)
    )  # fmt: skip
    with time_machine.travel(referral.credit_expires_at + timedelta(days=1)), pytest.raises(DomainError) as refused:
        sell(program)
    assert refused.value.code == "credit_expired"


def rows():
    return {model: model.objects.count() for model in apps.get_app_config("referral_blocks").get_models()}


def test_a_preview_writes_nothing(django_assert_max_num_queries):
    program = make(GIFT, replace(GIFT, side="friend"), referrer_cap_minor=5000, budget_minor=10_000)
    referral = make_referral(program)
    before = rows()
    with django_assert_max_num_queries(14) as queries:
        preview_rewards(program=program, sale=SALE, friend_email="friend@example.com")
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)
    assert rows() == before
    referral.refresh_from_db()
    assert (referral.stage, referral.sale_count) == ("captured", 0)


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"sale": None}, "required", ("sale",)),
        ({"sale": SaleInput("0")}, "invalid_amount", ("amount",)),
        ({"sale": SaleInput("5", "EUR")}, "currency_mismatch", ("currency",)),
        ({"trigger": "birthday"}, "unknown_choice", ("trigger",)),
        ({"friend_email": "nobody@example.com"}, "no_referral", ("friendEmail",)),
        ({"friend_email": "nobody"}, "invalid_email", ("friendEmail",)),
    ],
)
def test_what_cannot_be_tried_is_refused(given, code, path):
    with pytest.raises(DomainError) as refused:
        preview_rewards(program=make(GIFT), **{"sale": SALE, **given})
    assert (refused.value.code, refused.value.path) == (code, path)


def test_a_referrer_or_friend_of_another_programme_is_unknown_here():
    program, other = make(GIFT), make_program(slug="other")
    stranger = make_referral(other).referrer
    for given in ({"referrer": stranger}, {"friend_email": "friend@example.com"}):
        with pytest.raises(DomainError) as refused:
            preview_rewards(program=program, sale=SALE, **given)
        assert refused.value.code in ("not_found", "no_referral")
