"""Milestones and tiers count friends who are customers and whom nobody blocked."""

import pytest

from referral_blocks.flows.preview_rewards import SaleInput, preview_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
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
