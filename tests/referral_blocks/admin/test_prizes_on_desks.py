"""Rewards that hang on no friend – prizes, what points bought, a group's – stand on the reward desk as well."""

from urllib.parse import quote_plus

import pytest
from django.urls import reverse

from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import PendingReason, Reason, Reward, RewardRule
from tests.make import make_program, make_referral
from tests.referral_blocks.admin.staff import messages_of, staff_client

pytestmark = pytest.mark.django_db

PRIZE = {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "method": "manual"}


@pytest.fixture
def prize():
    """A reward of a referrer's that waits for all that staff may take away."""
    program = make_program(rules=(PRIZE,))
    referrer = make_referral(program).referrer
    prize = Reward.objects.create(
        rule=RewardRule.objects.get(), program=program, referrer=referrer, person=referrer.person, side="referrer",
        title="First place", amount_minor=2000, promised_minor=2000, currency="GBP", method="manual", trigger_key="p",
    )  # fmt: skip
    for reason in (Reason.HOLD, Reason.APPROVAL, Reason.REVIEW):
        PendingReason.objects.create(reward=prize, reason=reason)
    return prize


def test_the_desk_shows_it_and_leads_to_the_reviews_of_its_owners_friends(prize):
    friend = Referral.objects.get()
    set_review(referral=friend, to="flagged", reason="person")
    client = staff_client("approve_reward", "release_hold", "review_referral")
    page = client.get(reverse("referral_reward_desk:index"))
    found = f"{reverse('referral_review_desk:index')}?q={quote_plus(prize.person.email)}"
    assert (page.status_code, [text in page.content.decode() for text in ("First place", found)]) == (200, [True] * 2)
    assert reverse("referral_review_desk:decide", args=[friend.pk]) in client.get(found).content.decode()


def test_its_own_page_says_whose_it_is(prize):
    page = staff_client("view_reward").get(reverse("referral_rewards:inspect", args=[prize.pk]))
    assert (page.status_code, "First place" in page.content.decode()) == (200, True)


@pytest.mark.parametrize(
    ("name", "right", "reason"), [("approve", "approve_reward", "approval"), ("release", "release_hold", "hold")]
)
def test_its_steps_are_taken_as_any_others(prize, name, right, reason):
    client, url = staff_client(right), reverse(f"referral_reward_desk:{name}", args=[prize.pk])
    assert client.get(url).status_code == 200
    page = client.post(url, {"note": "Seen"}, follow=True)
    assert (page.status_code, "First place" in messages_of(page)[0]) == (200, True)
    assert not PendingReason.objects.filter(reason=reason).exists()
