"""The review desk shows risk, age and open sides, and takes a decision about one side."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.rewards.models import Reward
from tests.make import make_link, make_program, make_referral

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db


def flagged():
    program = make_program()
    referral = make_referral(program, email="robin+2@example.com", link=make_link(program, email="robin@example.com"))
    record_sale(
        program=program, source="api", external_id="1", friend_email="robin+2@example.com", amount="9", currency="GBP"
    )
    return referral


def decide(client, referral, **given):
    url = reverse("referral_review_desk:decide", args=[referral.pk])
    return messages_of(client.post(url, given, follow=True))


def test_one_side_is_decided_and_the_other_still_waits():
    referral, client = flagged(), staff_client("review_referral")
    said = decide(client, referral, decision="block", side="referrer", note="Same household")
    assert said == ["The decision about one side of “Kim Example” is saved. The other side still waits."]
    page = client.get(reverse("referral_review_desk:decide", args=[referral.pk])).content.decode()
    assert "90 of 100" not in page
    assert "100 of 100" in page
    said = decide(client, referral, decision="approve", side="friend", note="Same household")
    assert said == ["“Kim Example” was reviewed: fine."]
    assert dict(Reward.objects.values_list("side", "state")) == {"referrer": "void", "friend": "pending"}


def test_an_unknown_side_is_refused():
    referral, client = flagged(), staff_client("review_referral")
    url = reverse("referral_review_desk:decide", args=[referral.pk])
    page = client.post(url, {"decision": "approve", "side": "nobody", "note": "x"})
    assert list(page.context["form"].errors) == ["side"]
    referral.refresh_from_db()
    assert referral.review == "flagged"


def test_the_list_shows_risk_and_what_is_overdue():
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        flagged()
    html = staff_client("review_referral").get(reverse("referral_review_desk:index")).content.decode()
    assert "days, overdue" in html
    assert "The sale was recorded less than 60 seconds after the friend left their details." in html
