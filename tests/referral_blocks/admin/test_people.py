"""Staff look somebody up, hand out their data, and erase them."""

import json

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django_q.models import OrmQ

from referral_blocks.flows.carry_out_erasure import carry_out_erasure
from referral_blocks.people.erasure import is_not_to_be_written_to
from referral_blocks.people.models import Person, PersonErasure
from tests.make import make_program, make_referral

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db
GIFT = {"side": "friend", "title": "Gift", "amount_minor": 1000, "trigger": "sign_up"}


@pytest.fixture
def friend():
    return make_referral(make_program(rules=(GIFT,))).friend


def at(name, person=None):
    return reverse(f"referral_people:{name}", args=[person.pk] if person else [])


def erase(client, person, **more):
    return client.post(at("erase", person), {"reason": "request", "typed": " Friend@example.com", **more}, follow=True)


def test_each_step_asks_for_its_own_right(friend):
    pages = [at("index"), at("inspect", friend), at("export", friend), at("erase", friend), at("write-again")]
    nobody, exporter, eraser = staff_client("view_referrer"), staff_client("export_person", username="e"), staff_client(
        "erase_person", username="x"
    )  # fmt: skip
    assert [nobody.get(url).status_code for url in pages] == [403] * 5
    assert [exporter.get(url).status_code for url in pages] == [200, 200, 200, 403, 403]
    assert [eraser.get(url).status_code for url in pages] == [200, 200, 403, 200, 200]
    assert erase(exporter, friend, give_up="on").status_code == 403
    assert PersonErasure.objects.count() == 0


def test_the_data_is_handed_out_once_they_say_whose_it_is(friend):
    client = staff_client("export_person")
    assert client.post(at("export", friend), {}).status_code == 200
    file = client.post(at("export", friend), {"checked": "on"})
    found = json.loads(b"".join(file.streaming_content))
    assert found["person"][0]["email"] == "friend@example.com"
    assert "no-store" in file["Cache-Control"]


def test_the_page_says_what_is_lost_and_the_address_has_to_be_typed(friend):
    client = staff_client("erase_person")
    page = client.get(at("erase", friend)).content.decode()
    assert "1 reward · £10.00" in page
    wrong = client.post(at("erase", friend), {"reason": "request", "typed": "kim@example.com", "give_up": "on"})
    assert wrong.context["form"].errors == {"typed": ["This is not the person’s address."]}
    kept = erase(client, friend)
    assert "open_rewards" in {e.code for e in kept.context["form"].errors.as_data()["give_up"]}
    assert (PersonErasure.objects.count(), OrmQ.objects.filter(key__contains="erasure").count()) == (0, 0)


def test_an_erasure_keeps_who_when_and_why_and_nothing_else(friend):
    client = staff_client("erase_person")
    done = erase(client, friend, give_up="on", no_mail="on")
    assert messages_of(done) == ["The erasure has begun. It goes on by itself."]
    assert "Under way" in done.content.decode()
    erasure = PersonErasure.objects.get()
    sam = User.objects.get(username="sam")
    assert (erasure.person, erasure.actor, erasure.reason, erasure.no_mail) == (friend, sam, "request", True)
    assert carry_out_erasure(erasure_id=erasure.pk)
    after = client.get(at("inspect", friend)).content.decode()
    assert "friend@example.com" not in after
    assert "Erased person" in client.get(at("index")).content.decode()
    assert client.get(at("erase", friend)).status_code == 302
    assert Person.objects.get(pk=friend.pk).email == ""
    assert is_not_to_be_written_to(email="Friend+x@example.com")
    client.post(at("write-again"), {"email": "friend@example.com"})
    assert not is_not_to_be_written_to(email="friend@example.com")
