"""The desk of payouts that need a person, and the steps that are taken there."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Parked, Payout, PayoutReversal
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.rewards.models import PendingReason, Reward
from tests.payout_fake import new_shop
from tests.runs import buy, friend_of, providers, runs_program

from .staff import messages_of, staff_client
from .test_payout_pages import sent
from .test_payout_runs import count, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers()
    return new_shop()


@pytest.fixture
def fin():
    return staff_client("resolve_payout", "view_payout", "approve_reward", username="fin")


def desk(client):
    return client.get(reverse("referral_payout_desk:index")).content.decode()


def test_the_desk_says_what_needs_a_person_and_why(fin, shop):
    payout = sent(shop, "drop")
    html = desk(fin)
    for said in ("Ana", "£20.00", "Outcome unknown", "Ask the provider again", "Say what became of it"):
        assert said in html
    Payout.objects.update(parked=Parked.WINDOW)
    html = desk(fin)
    assert "The provider may have forgotten it, and cannot be asked" in html
    assert reverse("referral_payout_desk:resume", args=[payout.pk]) in html
    Payout.objects.update(parked="", state="paid")
    assert "£20.00" not in desk(fin)


def test_what_failed_for_good_leads_to_the_rewards(fin, shop):
    sent(shop, "final")
    html = desk(fin)
    for said in ("Failed", "the shop says final", "Send its rewards again"):
        assert said in html
    PendingReason.objects.all().delete()
    assert "the shop says final" not in desk(fin)


def test_asking_again_reads_the_books_and_sends_nothing(fin, shop):
    payout = sent(shop, "drop")
    page = post(fin, "payout_desk:ask", payout.pk)
    assert messages_of(page) == ["Fake shop: Its books say: paid."]
    payout.refresh_from_db()
    assert (payout.state, shop.sends, len(shop.orders)) == ("paid", 1, 1)


def test_a_person_says_that_it_was_paid_with_evidence(fin, shop):
    payout = sent(shop, "drop")
    # The task that talked is over; its lease is, too.
    payout.attempts.update(leased_until=timezone.now() - timedelta(seconds=1))
    page = post(fin, "payout_desk:resolve", payout.pk, paid="yes", note="")
    assert page.context["form"].errors == {"note": ["This field is required."]}
    page = post(fin, "payout_desk:resolve", payout.pk, paid="yes", provider_ref="fake-1", note="Seen in their portal")
    assert messages_of(page) == ["The payout is settled as paid."]
    payout.refresh_from_db()
    assert (payout.state, payout.provider_ref, Reward.objects.get().state) == ("paid", "fake-1", "issued")
    change = payout.changes.get(note="Seen in their portal")
    assert (change.to_state, change.actor.username) == ("paid", "fin")


def test_a_person_says_that_it_was_not_paid(fin, shop):
    payout = sent(shop, "lost")
    payout.attempts.update(leased_until=timezone.now() - timedelta(seconds=1))
    page = post(fin, "payout_desk:resolve", payout.pk, paid="no", note="Their support: no such order")
    assert messages_of(page) == ["The payout is settled as not paid."]
    payout.refresh_from_db()
    assert (payout.state, Reward.objects.get().state, shop.orders) == ("failed_final", "pending", [])


def test_only_what_is_owed_is_taken_back(fin, shop):
    payout = sent(shop)
    page = post(fin, "payout_desk:reverse", payout.pk, amount="5", note="Wrong person")
    assert page.context["form"].errors == {
        "__all__": ["There is nothing to take back: reverse the sale first, if it was not earned."]
    }
    page = post(fin, "payout_desk:reverse", payout.pk, amount="five", note="Wrong person")
    assert page.context["form"].errors == {"amount": ["“five” is not an amount. Write it as 12.50."]}
    assert not payout.reversals.exists()


def test_what_was_never_answered_on_its_way_back_is_settled_by_a_person(fin, shop):
    payout = sent(shop)
    PayoutReversal.objects.create(payout=payout, amount_minor=500)
    assert "Ana" not in desk(fin)  # there may still be an answer
    PayoutReversal.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert "Say whether it came back" in desk(fin)
    page = post(fin, "payout_desk:came-back", payout.pk, came="", note="Asked them")
    assert list(page.context["form"].errors) == ["came"]
    page = post(fin, "payout_desk:came-back", payout.pk, came="yes", note="Asked them")
    assert messages_of(page) == ["It is settled."]
    payout.refresh_from_db()
    assert (payout.reversed_minor, PayoutReversal.objects.get().outcome) == (500, "paid")
    page = post(fin, "payout_desk:came-back", payout.pk, came="no", note="Again")
    assert messages_of(page) == ["It was settled before. Nothing has changed."]
    payout.refresh_from_db()
    assert (payout.reversed_minor, "Ana" in desk(fin)) == (500, False)


def test_a_payout_whose_way_of_paying_is_gone_can_be_settled(fin, shop, settings):
    payout = sent(shop, "accept")
    assert "Ana" not in desk(fin)
    settings.REFERRAL_BLOCKS = {"RATE_LIMITS_ENABLED": False}
    html = desk(fin)
    for said in ("Ana", "This way of paying was taken out of the settings.", "Say what became of it"):
        assert said in html
    assert "Ask the provider again" not in html
    page = post(fin, "payout_desk:resolve", payout.pk, paid="yes", note="On their statement")
    assert messages_of(page) == ["The payout is settled as paid."]
    payout.refresh_from_db()
    assert (payout.state, Reward.objects.get().state) == ("paid", "issued")


def test_what_no_day_has_room_for_goes_back_to_the_desk(fin, shop):
    program = runs_program(payout_mode="at_once")
    buy(friend_of(program, "ana"), "1")
    PayoutPolicy.objects.create(program=program, currency="GBP", daily_cap_minor=1_000)  # after it was confirmed
    assert send_payout(payout_id=Payout.objects.get().pk) == "failed_final"
    assert "This is more than may be sent in a day." in desk(fin)
    assert (shop.sends, Reward.objects.get().state) == (0, "pending")


@pytest.mark.parametrize("name", ["ask", "resume", "resolve", "reverse"])
def test_a_step_asks_for_its_right(shop, name):
    payout = sent(shop, "drop")
    looker = staff_client("view_payout", "confirm_payout", "stop_payouts", username="looker")
    assert post(looker, f"payout_desk:{name}", payout.pk, note="x", paid="yes").status_code == 403
    html = looker.get(reverse("referral_payouts:inspect", args=[payout.pk])).content.decode()
    assert reverse(f"referral_payout_desk:{name}", args=[payout.pk]) not in html
    payout.refresh_from_db()
    assert (payout.state, shop.look_ups) == ("unknown", [])


def test_the_payout_s_page_says_all_that_is_known(fin, shop):
    payout = sent(shop)
    html = fin.get(reverse("referral_payouts:inspect", args=[payout.pk])).content.decode()
    for said in (payout.provider_ref, str(payout.public_id), "Taken back", "Take it back"):
        assert said in html


def test_the_desk_costs_the_same_however_much_is_on_it(fin, shop):
    sent(shop, "drop")
    page = reverse("referral_payout_desk:index")
    fin.get(page)
    few = count(fin, page)
    for n in range(4):
        program = runs_program(payout_mode="at_once", slug=f"s{n}")
        buy(friend_of(program, f"p{n}"), f"{n}")
    Payout.objects.update(state="unknown")
    assert count(fin, page) == few
