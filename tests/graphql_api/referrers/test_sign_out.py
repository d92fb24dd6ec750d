"""Signing out, of an app and of a browser."""

import pytest

from referral_blocks.referrers.models import SignIn
from referral_blocks.referrers.session import COOKIE_PREFIX
from tests.graphql_api.ask import JSON, URL, ask, bearer_of, codes, data
from tests.graphql_api.signed_in import sign_in
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
OUT = "mutation { signOut { ok errors { code } } }"
NAME = "{ viewer { firstName } }"


def test_an_apps_sign_in_ends_at_once_and_no_other(client):
    referrer = make_link(make_program()).referrer
    here, there = bearer_of(referrer), bearer_of(referrer)
    assert data(client, OUT, bearer=here) == {"signOut": {"ok": True, "errors": []}}
    assert codes(ask(client, NAME, bearer=here)) == ["UNAUTHENTICATED"]
    assert data(client, NAME, bearer=there)["viewer"]["firstName"] == "Robin"
    assert data(client, OUT, bearer=here) == {"signOut": {"ok": True, "errors": []}}
    assert SignIn.objects.filter(revoked_at=None).count() == 1


def test_a_browsers_cookies_are_taken_away(client):
    link = make_link(make_program())
    for one in (link, make_link(make_program(slug="other"))):
        sign_in(client, one)
    assert data(client, OUT, Sec_Fetch_Site="same-origin") == {"signOut": {"ok": True, "errors": []}}
    assert {c.value for name, c in client.cookies.items() if name.startswith(COOKIE_PREFIX)} == {""}


def test_another_site_signs_nobody_out(client):
    sign_in(client, make_link(make_program()))
    response = client.post(URL, {"query": OUT}, content_type=JSON, headers={"Sec-Fetch-Site": "cross-site"})
    assert not response.cookies
    assert data(client, NAME, Sec_Fetch_Site="same-origin")["viewer"]["firstName"] == "Robin"


@pytest.mark.parametrize("bearer", ["", "nonsense", "rb_nonsense", "a:b:c"])
def test_nobody_is_signed_out_without_an_error(client, bearer):
    bearer_of(make_link(make_program()).referrer)
    assert data(client, OUT, bearer=bearer) == {"signOut": {"ok": True, "errors": []}}
    assert SignIn.objects.filter(revoked_at=None).count() == 1
