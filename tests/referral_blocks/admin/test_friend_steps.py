"""Staff say of a friend who has not bought yet that somebody was in touch, or that they are out."""

import pytest
from django.urls import reverse

from referral_blocks.activity.models import Activity
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.referrals.models import Referral
from tests.make import make_program, make_referral

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db

# Step: where it leads, what is said, whether words are asked for.
STEPS = {
    "contacted": ("nurturing", "“Kim Example” is “In touch” now.", False),
    "unqualify": ("unqualified", "“Kim Example” is “Does not qualify” now.", True),
    "withdraw": ("withdrawn", "“Kim Example” is “Withdrawn” now.", True),
}


@pytest.fixture
def referral():
    return make_referral(make_program())


@pytest.fixture
def kai():
    return staff_client("review_referral", "view_referral", username="kai")


def url(name, referral):
    return reverse(f"referral_friends:{name}", args=[referral.pk])


def last_step(referral):
    step = referral.changes.filter(field="stage").latest("pk")
    return step.to_state, step.note, step.actor.username


@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_offered_taken_once_and_names_who_took_it(kai, referral, name):
    stage, said, asks = STEPS[name]
    assert url(name, referral) in kai.get(url("inspect", referral)).content.decode()
    refused = kai.post(url(name, referral), {"note": ""}, follow=True) if asks else None
    if refused:
        assert refused.context["form"].errors == {"note": ["This field is required."]}
        assert not referral.changes.exists()
    page = kai.post(url(name, referral), {"note": "On the phone"}, follow=True)
    assert (messages_of(page), page.redirect_chain[-1][0]) == ([said], url("inspect", referral))
    assert last_step(referral) == (stage, "On the phone", "kai")
    assert url(name, referral) not in page.content.decode()
    kai.post(url(name, referral), {"note": "Again"})
    kind = "referral.nurtured" if name == "contacted" else f"referral.{stage}"
    assert (referral.changes.count(), Activity.objects.filter(kind=kind).count()) == (1, 1)


@pytest.mark.parametrize("name", STEPS)
def test_a_customer_is_offered_none_and_stays_one(kai, referral, name):
    sale = {"source": "api", "external_id": "A-1", "friend_email": "friend@example.com"}
    record_sale(program=referral.program, amount="100", currency="GBP", **sale)
    assert url(name, referral) not in kai.get(url("inspect", referral)).content.decode()
    page = kai.get(url(name, referral), follow=True)
    assert messages_of(page) == ["This friend is “Became a customer” already. Nothing has changed."]
    kai.post(url(name, referral), {"note": "Wrong"})
    assert Referral.objects.get().stage == "qualified"


@pytest.mark.parametrize("name", STEPS)
def test_who_may_only_look_gets_403(referral, name):
    looker = staff_client("view_referral", "approve_reward", username="looker")
    assert url(name, referral) not in looker.get(url("inspect", referral)).content.decode()
    assert looker.get(url(name, referral)).status_code == 403
    assert looker.post(url(name, referral), {"note": "x"}).status_code == 403
    assert (Referral.objects.get().stage, referral.changes.count()) == ("captured", 0)


def test_who_may_not_see_friends_is_led_back_to_the_desk(referral):
    desk = staff_client("review_referral", username="desk")
    page = desk.post(url("contacted", referral), {"note": ""}, follow=True)
    assert page.redirect_chain[-1] == (reverse("referral_review_desk:index"), 302)
