from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.people.models import Person
from referral_blocks.referrers.session import make_session, make_sign_in_token, read_session
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def referrer(db):
    return make_link(make_program()).referrer


def test_the_link_from_the_mailbox_signs_in_and_verifies_the_address(client, referrer):
    response = client.get(f"/referrals/sign-in/{make_sign_in_token(referrer)}/")
    cookie, hint = response.cookies.values()
    session = read_session(cookie.value)
    assert (response.status_code, response.headers["Referrer-Policy"]) == (302, "no-referrer")
    assert response["Location"].endswith("/?rb=me"), "which no shared cache keeps"
    assert (hint.key, hint.value, hint["httponly"]) == ("rb_hint", "1", ""), "for a script, and says nothing"
    assert (session.referrer, session.verified, cookie["httponly"], cookie["samesite"]) == (referrer, True, True, "Lax")
    assert Person.objects.get().email_verified_at is not None


def test_over_tls_the_session_cookie_is_secure(client, referrer):
    cookies = client.get(f"/referrals/sign-in/{make_sign_in_token(referrer)}/", secure=True).cookies.values()
    assert [cookie["secure"] for cookie in cookies] == [True, True]


def test_a_program_that_only_looks_at_the_link_verifies_nothing(client, referrer):
    response = client.head(f"/referrals/sign-in/{make_sign_in_token(referrer)}/")
    assert (response.status_code, len(response.cookies)) == (200, 0)
    assert Person.objects.get().email_verified_at is None


def test_a_refused_token_is_not_logged(client, referrer, caplog):
    token = make_sign_in_token(referrer)
    client.get(f"/referrals/sign-in/{token}x/")
    assert token not in caplog.text


def test_a_session_token_is_no_sign_in_token(client, referrer):
    response = client.get(f"/referrals/sign-in/{make_session(referrer, verified=False)}/")
    assert (response.status_code, len(response.cookies)) == (400, 0)
    assert Person.objects.get().email_verified_at is None


@pytest.mark.parametrize("token", ["x", "a:b:c", "x" * 5000, "%00"])
def test_a_bad_token_gets_a_page_that_says_what_to_do(client, referrer, token):
    response = client.get(f"/referrals/sign-in/{token}/")
    assert (response.status_code, len(response.cookies)) == (400, 0)
    assert "Ask for a new one" in response.content.decode()


def test_a_link_is_worth_nothing_after_its_time_or_on_another_site(client, referrer):
    token = make_sign_in_token(referrer)
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert client.get(f"/referrals/sign-in/{token}/").status_code == 400
    other = Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page)
    assert client.get(f"/referrals/sign-in/{token}/", headers={"host": other.hostname}).status_code == 400


def test_signing_out_forgets_the_session_and_another_site_cannot_do_it(client, referrer):
    client.get(f"/referrals/sign-in/{make_sign_in_token(referrer)}/")
    refused = client.post("/referrals/sign-out/", headers={"sec-fetch-site": "cross-site"})
    assert (refused.status_code, len(refused.cookies)) == (403, 0)
    response = client.post("/referrals/sign-out/", headers={"sec-fetch-site": "same-origin"})
    assert [c.value for c in response.cookies.values()] == [""]
