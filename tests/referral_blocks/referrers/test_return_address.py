"""A sign-in link leads back to pages that the settings name, and nowhere else."""

import re

import pytest
from django_q.models import OrmQ

from referral_blocks.core.errors import InvalidInput
from referral_blocks.emails.compose import compose
from referral_blocks.emails.link_requests import LinkRequest
from referral_blocks.emails.models import Email
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.request_login_link import request_login_link
from referral_blocks.people.models import Person
from referral_blocks.referrers.return_address import may_return_to
from referral_blocks.referrers.session import read_sign_in_token
from tests.mailbox import look_up
from tests.make import make_link, make_program

SHOP = "https://shop.example.com"
NAMED = {"refer.example.com": (f"{SHOP}/friends", f"{SHOP}/account/"), "*": ("https://everywhere.example.com/",)}


@pytest.fixture(autouse=True)
def allowed(settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "SIGN_IN_RETURN_ADDRESSES": NAMED}


@pytest.mark.parametrize(
    "address",
    [f"{SHOP}/friends", f"{SHOP}/account/", f"{SHOP}/account/2026/friends", "https://everywhere.example.com/a"],
)
def test_what_is_named_is_allowed(address):
    assert may_return_to(address=address, hostname="refer.example.com")


@pytest.mark.parametrize(
    "address",
    [
        SHOP,
        f"{SHOP}/",
        f"{SHOP}/friends/",
        f"{SHOP}/friendship",
        f"{SHOP}/friends?next=https://evil.example",
        f"{SHOP}/friends#x",
        f"{SHOP}/account",
        f"{SHOP}/account/../logout",
        f"{SHOP}/account/%2E%2e/logout",
        f"{SHOP}/account/.%2E/logout",
        f"{SHOP}/account/\\evil.example",
        f"{SHOP}/account/\r\nBcc: a@example.com",
        f"{SHOP}/account/é",
        f"{SHOP}/account/" + "x" * 500,
        "http://shop.example.com/friends",
        "https://shop.example.com.evil.example/friends",
        "https://shop.example.com@evil.example/account/",
        "https://evil.example/https://shop.example.com/friends",
        "https://[evil",
        "//shop.example.com/friends",
        "javascript:alert(1)",
    ],
)
def test_anything_else_is_not(address):
    assert not may_return_to(address=address, hostname="refer.example.com")


def test_what_one_site_names_is_not_named_for_another():
    assert not may_return_to(address=f"{SHOP}/friends", hostname="other.example.com")


def sign_in_link():
    """Where the button and the text of the newest mail lead."""
    look_up()
    mail = compose(Email.objects.order_by("-pk").first())
    (html, _type), *_others = mail.alternatives
    found = set(re.findall(r'https?://[^\s"<]+(?:sign-in)[^\s"<]+', html + mail.body))
    assert len(found) == 1, found
    return found.pop()


@pytest.fixture
def program(db):
    made = make_program()
    made.site.hostname = "refer.example.com"
    made.site.save()
    return made


def test_the_mail_to_somebody_who_joins_leads_back(program):
    join_program(program=program, email="a@example.com", name="A", accept_terms=True, return_to=f"{SHOP}/friends")
    address, _hash, token = sign_in_link().partition("#referral-sign-in=")
    assert address == f"{SHOP}/friends"
    assert read_sign_in_token(token).person.email == "a@example.com"


def test_the_mail_with_a_sign_in_link_leads_back(program):
    make_link(program)
    request_login_link(program=program, email="referrer@example.com", return_to=f"{SHOP}/friends")
    assert sign_in_link().startswith(f"{SHOP}/friends#referral-sign-in=")


def test_without_an_address_it_leads_to_the_site(program):
    make_link(program)
    request_login_link(program=program, email="referrer@example.com")
    assert sign_in_link().startswith("http://refer.example.com/referrals/sign-in/")


def test_an_address_that_the_settings_no_longer_name_is_not_used(program, settings):
    make_link(program)
    request_login_link(program=program, email="referrer@example.com", return_to=f"{SHOP}/friends")
    look_up()
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "SIGN_IN_RETURN_ADDRESSES": {}}
    assert sign_in_link().startswith("http://refer.example.com/referrals/sign-in/")


@pytest.mark.parametrize("email", ["referrer@example.com", "nobody@example.com"])
def test_another_address_is_refused_for_known_and_unknown_people_alike(program, email):
    make_link(program)
    before = OrmQ.objects.count()
    with pytest.raises(InvalidInput) as refused:
        request_login_link(program=program, email=email, return_to="https://evil.example/")
    assert (refused.value.code, refused.value.path) == ("return_not_allowed", ("returnTo",))
    assert (OrmQ.objects.count(), LinkRequest.objects.count()) == (before, 0)


def test_whoever_would_join_from_another_address_does_not(program):
    with pytest.raises(InvalidInput):
        join_program(
            program=program, email="a@example.com", name="A", accept_terms=True, return_to="https://evil.example/"
        )
    assert not Person.objects.exists()
