"""Milestones and tiers count friends who are customers and whom nobody blocked."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.mature_rewards import mature_rewards
from referral_blocks.flows.preview_rewards import SaleInput, preview_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
THIRD = {"side": "referrer", "title": "Third friend", "amount_minor": 5000, "friend_from": 3, "friend_to": 3}


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("staff")


@pytest.fixture
def link():
    return make_link(make_program(rules=(THIRD,)))


def friend(link, number):
    return make_referral(link.referrer.program, email=f"f{number}@example.com", link=link)


def buy(link, number, **given):
    sale = {"source": "api", "external_id": f"s{number}", "friend_email": f"f{number}@example.com", "amount": "10"}
    return record_sale(program=link.referrer.program, currency="GBP", **{**sale, **given}).rewards


def give_back(link, number, kind="refund"):
    given = {"source": "api", "external_id": f"s{number}", "reversal_id": f"r{number}", "kind": kind}
    reverse_sale(program=link.referrer.program, **given)


def previewed(link, number):
    program = link.referrer.program
    return preview_rewards(program=program, sale=SaleInput("10"), friend_email=f"f{number}@example.com")[0]


def block(referral, staff, **sides):
    set_review(referral=referral, to=Review.FLAGGED, reason="test")
    for side, approve in sides.items():
        review_referral(referral=referral, approve=approve, note="Looked.", actor=staff, side=side)


@pytest.mark.parametrize("sides", [{"both": False}, {"referrer": False, "friend": True}])
def test_a_friend_who_was_blocked_before_buying_takes_no_number(link, staff, sides):
    for number in (1, 2):
        block(friend(link, number), staff, **sides)
        buy(link, number)
    friend(link, 3)
    assert (previewed(link, 3).fires, buy(link, 3)) == (False, [])
    assert list(Referral.objects.order_by("pk").values_list("friend_number", flat=True)) == [None, None, 1]
    assert link.referrer.standing_row.numbered == 1
    for number in (4, 5):
        friend(link, number)
        rewards = buy(link, number)
    assert [reward.amount_minor for reward in rewards] == [5000]


@pytest.mark.parametrize("sides", [{"both": False}, {"referrer": False, "friend": True}])
def test_a_friend_who_was_blocked_after_buying_counts_no_more(link, staff, sides):
    for number in (1, 2):
        referral = friend(link, number)
        buy(link, number)
        block(Referral.objects.get(pk=referral.pk), staff, **sides)
    friend(link, 3)
    shown = previewed(link, 3)
    assert shown.because == ("1 of the referrer’s friends are customers at the moment; the rule needs 3.",)
    assert (shown.fires, buy(link, 3)) == (False, [])


def test_friends_whose_sales_went_back_do_not_count(link):
    for number in (1, 2):
        friend(link, number)
        buy(link, number)
        give_back(link, number)
    friend(link, 3)
    assert (previewed(link, 3).fires, buy(link, 3)) == (False, [])


def test_a_friend_who_is_a_customer_again_counts_again_and_no_milestone_fires_twice(link):
    for number in (1, 2):
        friend(link, number)
        buy(link, number)
    give_back(link, 1, "dispute")
    give_back(link, 1, "dispute_won")
    friend(link, 3)
    assert (previewed(link, 3).fires, len(buy(link, 3))) == (True, 1)
    give_back(link, 3, "dispute")
    give_back(link, 3, "dispute_won")
    buy(link, 3, external_id="again")
    assert list(Reward.objects.values_list("state", "amount_minor")) == [("pending", 5000)]


def rewarded():
    """The order whose sale each standing milestone reward hangs on."""
    standing = Reward.objects.exclude(state__in=["void", "clawed_back"])
    return list(standing.order_by("pk").values_list("sale__external_id", flat=True))


def test_a_milestone_that_was_missed_comes_with_the_friend_who_makes_it_three_and_once(link):
    for number in (1, 2, 3, 4, 5, 6, 7):
        friend(link, number)
        shown = previewed(link, number)
        assert (shown.fires, len(buy(link, number))) == ((True, 1) if number == 5 else (False, 0))
        if number < 3:
            give_back(link, number)
    assert rewarded() == ["s5"]
    assert link.referrer.standing_row.qualified == 5


def test_a_milestone_that_was_reached_does_not_come_again_when_others_leave_and_come(link):
    for number in (1, 2, 3):
        friend(link, number)
        buy(link, number)
    give_back(link, 1)
    friend(link, 4)
    assert previewed(link, 4).because == ("The referrer has reached this milestone before.",)
    assert (buy(link, 4), rewarded()) == ([], ["s3"])


def test_a_milestone_that_its_friends_refund_cancelled_comes_again(link):
    for number in (1, 2, 3):
        friend(link, number)
        buy(link, number)
    give_back(link, 3)
    friend(link, 4)
    assert (len(buy(link, 4)), rewarded()) == (1, ["s4"])
    assert check_ledger() == []


def test_a_won_dispute_does_not_bring_back_a_milestone_that_another_friend_has_reached(link):
    for number in (1, 2, 3):
        friend(link, number)
        buy(link, number)
    give_back(link, 3, "dispute")
    friend(link, 4)
    assert (len(buy(link, 4)), rewarded()) == (1, ["s4"])
    give_back(link, 3, "dispute_won")
    assert (rewarded(), check_ledger()) == (["s4"], [])


@pytest.mark.parametrize(("kind", "expected"), [("refund", ["s4"]), ("dispute", [])])
def test_a_milestone_that_was_paid_comes_again_only_when_its_sale_cannot_come_back(staff, link, kind, expected):
    for number in (1, 2, 3):
        friend(link, number)
        rewards = buy(link, number)
    issue(rewards[0], staff)
    give_back(link, 3, kind)
    friend(link, 4)
    buy(link, 4)
    assert (rewarded(), check_ledger()) == (expected, [])
    if kind == "dispute":
        give_back(link, 3, "dispute_won")
        assert (rewarded(), check_ledger()) == (["s3"], [])


def issue(reward, staff):
    with time_machine.travel(timezone.now() + timedelta(days=20)):
        mature_rewards()
        approve_reward(reward=reward, actor=staff)
        send_payout(payout_id=Payout.objects.get().pk)
        mark_handed_over(handover=Handover.objects.get(), actor=staff)
    reward.refresh_from_db()
    assert reward.state == "issued"


def test_a_friend_in_the_place_of_one_who_left_earns_what_that_place_earns():
    low = {"side": "referrer", "title": "First two", "amount_minor": 1000, "friend_to": 2}
    high = {"side": "referrer", "title": "Third to fifth", "amount_minor": 2000, "friend_from": 3, "friend_to": 5}
    link = make_link(make_program(rules=(low, high)))
    earned = []
    for number in (1, 2, 3, 4, 5):
        friend(link, number)
        earned.append([reward.title for reward in buy(link, number)])
        if number == 2:
            give_back(link, 1)
    assert earned == [["First two"], ["First two"], ["First two"], ["Third to fifth"], ["Third to fifth"]]


def test_a_friends_own_milestone_goes_by_their_number():
    third = {"side": "friend", "title": "Third friend", "amount_minor": 5000, "friend_from": 3, "friend_to": 3}
    link = make_link(make_program(rules=(third,)))
    for number in (1, 2, 3, 4):
        friend(link, number)
        assert len(buy(link, number)) == (number == 3)
        if number == 3:
            give_back(link, 1)


def test_whether_a_milestone_is_reached_costs_the_same_whatever_the_history(link, django_assert_num_queries):
    for number in range(1, 5):
        friend(link, number)
        buy(link, number)
    friend(link, 10)
    with CaptureQueriesContext(connection) as few:
        buy(link, 10)
    for number in range(11, 20):
        friend(link, number)
        buy(link, number)
    friend(link, 30)
    with django_assert_num_queries(len(few)):
        buy(link, 30)
    counts = [q["sql"] for q in few if "COUNT(" in q["sql"] and 'FROM "referral_blocks_referral"' in q["sql"]]
    assert counts == []
