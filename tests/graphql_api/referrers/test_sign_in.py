import pytest
from wagtail.models import Page, Site

from referral_blocks.emails.link_requests import LinkRequest
from referral_blocks.emails.models import Email
from referral_blocks.people.models import Person
from referral_blocks.referrers.session import make_session, make_sign_in_token
from referral_blocks.referrers.tokens import read_access_token
from tests.graphql_api.ask import data
from tests.mailbox import look_up
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db

REQUEST = """
mutation ($input: RequestLoginLinkInput!) {
  requestLoginLink(input: $input) { ok errors { code path } }
}
"""
EXCHANGE = """
mutation ($input: ExchangeLoginTokenInput!) {
  exchangeLoginToken(input: $input) { token program { slug } errors { code path } }
}
"""


def request_link(client, **given):
    return data(client, REQUEST, {"input": {"program": "neighbours", **given}})["requestLoginLink"]


def exchange(client, token):
    return data(client, EXCHANGE, {"input": {"token": token}})["exchangeLoginToken"]


def test_known_and_unknown_addresses_get_one_answer_and_only_the_known_one_gets_mail(client):
    make_link(make_program())
    before = Email.objects.count()
    assert request_link(client, email="nobody@example.com") == {"ok": True, "errors": []}
    assert (look_up(), Email.objects.count()) == (1, before)
    assert request_link(client, email="referrer@example.com") == {"ok": True, "errors": []}
    assert look_up() == 1
    assert Email.objects.filter(kind="sign_in", person__email="referrer@example.com").count() == 1


@pytest.mark.parametrize(
    ("email", "code"), [("", "REQUIRED"), ("no address", "INVALID_EMAIL"), ("a\x00@example.com", "INVALID_TEXT")]
)
def test_a_malformed_address_is_refused(client, email, code):
    make_program()
    assert request_link(client, email=email) == {"ok": False, "errors": [{"code": code, "path": ["email"]}]}
    assert (LinkRequest.objects.count(), look_up()) == (0, 0)


def test_a_mailed_token_becomes_a_verified_session(client):
    referrer = make_link(make_program()).referrer
    payload = exchange(client, make_sign_in_token(referrer))
    assert (payload["program"], payload["errors"]) == ({"slug": "neighbours"}, [])
    session = read_access_token(payload["token"], site_id=referrer.program.site_id)
    assert (session.referrer, session.verified) == (referrer, True)
    assert Person.objects.get().email_verified_at is not None


def bad_tokens():
    return {
        "nothing": lambda referrer: "",
        "tampered": lambda referrer: make_sign_in_token(referrer)[:-1] + "~",
        "for another purpose": lambda referrer: make_session(referrer, verified=False),
        "endless": lambda referrer: "x" * 10_000,
        "with NUL": lambda referrer: "\x00",
        "with half a character": lambda referrer: "\ud800",
    }


@pytest.mark.parametrize("kind", bad_tokens())
def test_a_bad_token_gives_no_session_and_verifies_nobody(client, kind):
    token = bad_tokens()[kind](make_link(make_program()).referrer)
    assert exchange(client, token) == {
        "token": None,
        "program": None,
        "errors": [{"code": "INVALID_TOKEN", "path": ["token"]}],
    }
    assert Person.objects.get().email_verified_at is None


def test_a_token_of_another_site_gives_no_session(client):
    other = Site.objects.create(hostname="other.example", root_page=Page.objects.get(depth=2))
    token = make_sign_in_token(make_link(make_program(site=other)).referrer)
    assert exchange(client, token)["errors"] == [{"code": "INVALID_TOKEN", "path": ["token"]}]
