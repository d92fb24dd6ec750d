"""Wagtail's first page says what waits, to those who can do something about it."""

import pytest
from django.urls import reverse

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.policy import SendingStop
from tests.make import make_link, make_program, make_referral
from tests.paying import confirmed, work
from tests.payout_fake import register

from .staff import staff_client

pytestmark = pytest.mark.django_db

WORDS = {
    "approve_reward": ("1 reward to approve", "referral_reward_desk:index"),
    "mark_handed_over": ("1 reward to hand over", "referral_handover_desk:index"),
    "review_referral": ("1 friend to review", "referral_review_desk:index"),
}


def story():
    """One reward waits to be approved, one to be handed over, and one friend to be reviewed."""
    rules = (
        {"side": "referrer", "title": "£20 gift", "amount_minor": 2000},
        {"side": "friend", "title": "£10 off", "amount_minor": 1000, "hold_days": 0, "approval": "automatic"},
    )
    program = make_program(rules=rules)
    link = make_link(program)
    make_referral(program, email="referrer+me@example.com", link=link)
    make_referral(program, link=link)
    record_sale(
        program=program, source="api", external_id="A-1", friend_email="friend@example.com",
        amount="99.00", currency="GBP",
    )  # fmt: skip
    send_payout(payout_id=Payout.objects.get().pk)


@pytest.mark.parametrize("right", WORDS)
def test_what_waits_is_counted_and_linked_for_those_who_may_act(right):
    story()
    html = staff_client(right).get(reverse("wagtailadmin_home")).content.decode()
    for own, (words, url_name) in WORDS.items():
        link = f'<a href="{reverse(url_name)}">{words}</a>'
        assert (link in html) == (own == right)


def test_nothing_waits(admin_client):
    html = admin_client.get(reverse("wagtailadmin_home")).content.decode()
    for words in ("0 rewards to approve", "0 rewards to hand over", "0 friends to review"):
        assert words in html


def test_editors_see_nothing_of_referrals():
    story()
    html = staff_client().get(reverse("wagtailadmin_home")).content.decode()
    assert "Referrals" not in html
    assert "to approve" not in html


def test_payouts_that_need_a_person_and_stops_are_counted_for_those_who_may_act(settings):
    shop = register(settings)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 1}
    confirmed()
    shop.faults = ["lost"]
    work()
    words = {
        "resolve_payout": ("1 payout needs a person", "referral_payout_desk:index"),
        "stop_payouts": ("1 way of paying is stopped", "referral_sending:index"),
    }
    home = reverse("wagtailadmin_home")
    assert "stopped" not in staff_client("stop_payouts", username="kim").get(home).content.decode(), "while nothing is"
    SendingStop.objects.create(provider="fake")
    for right in words:
        html = staff_client(right, username=right).get(home).content.decode()
        for own, (said, url_name) in words.items():
            assert (f'<a href="{reverse(url_name)}">{said}</a>' in html) == (own == right)
