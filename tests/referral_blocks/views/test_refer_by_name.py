"""A friend without a link says who told them."""

import time

import pytest
import time_machine

from referral_blocks.emails.models import Email
from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Referral, ReferralClaim
from tests.make import make_link, make_program
from tests.make_pages import form_data, make_landing_page

pytestmark = pytest.mark.django_db

NAME = "/referrals/refer-by-name/"
TYPED = {
    "referrer_name": "Robin Example", "name": "Kim Example", "email": "kim@example.com", "accept_terms": "on",
}  # fmt: skip


@pytest.fixture
def program():
    program = make_program()
    make_landing_page(program, body=[("refer_by_name", {})])
    return program


def send(client, **typed):
    data = form_data(client, "/landing/", NAME, **{**TYPED, **typed})
    with time_machine.travel(time.time() + 5, tick=False):
        return client.post(NAME, data)


@pytest.mark.parametrize("who", ["Robin Example", "Nobody Known", "referrer@example.com", "nobody@example.com"])
def test_everybody_gets_the_same_thanks(client, program, who):
    make_link(program)
    response = send(client, referrer_name=who)
    assert (response.status_code, response["Location"]) == (302, "/landing/?rb=named#refer-by-name")
    assert not response.cookies
    html = client.get("/landing/?rb=named").content.decode()
    assert "We look into it and get back to you." in html
    assert f'action="{NAME}"' not in html


def test_a_name_becomes_a_claim_and_an_address_a_referral(client, program):
    make_link(program)
    send(client)
    claim = ReferralClaim.objects.get()
    assert (claim.typed_name, claim.friend.email, claim.friend_name) == (
        "Robin Example", "kim@example.com", "Kim Example",
    )  # fmt: skip
    send(client, referrer_name="referrer@example.com", email="pat@example.com")
    assert Referral.objects.get().attribution_method == "contact"


def test_sending_twice_writes_once(client, program):
    send(client)
    send(client)
    assert ReferralClaim.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"referrer_name": ""}, "referrer_name", "Tell us who told you about us."),
        ({"referrer_name": "R\u202eobin"}, "referrer_name", "Remove the control characters"),
        ({"email": "kim@"}, "email", "This is not an e-mail address"),
        ({"accept_terms": ""}, "accept_terms", "Please accept the terms"),
    ],
)
def test_a_mistake_is_shown_at_its_field_and_nothing_is_written(client, program, typed, field, message):
    response = send(client, **typed)
    html = response.content.decode()
    assert response.status_code == 422
    assert f'id="refer-by-name-{field}_error"' in html
    assert message in html
    assert 'value="Kim Example"' in html
    assert (Person.objects.count(), ReferralClaim.objects.count(), Email.objects.count()) == (0, 0, 0)


def test_a_robot_is_thanked_and_writes_nothing(client, program):
    assert send(client, homepage="x")["Location"] == "/landing/?rb=named#refer-by-name"
    assert Person.objects.count() == 0


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_a_form_from_another_site_is_refused(client, program, headers):
    assert client.post(NAME, TYPED, headers=headers).status_code == 403
    assert Person.objects.count() == 0
