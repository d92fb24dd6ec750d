"""Whoever makes several mistakes in a form is told all of them at once, each beside its field."""

import re
import time
from html import unescape

import pytest
import time_machine

from referral_blocks.emails.models import Email
from referral_blocks.flows.open_group import open_group
from referral_blocks.groups.models import GroupMember
from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Referral, ReferralClaim
from tests.make import make_link, make_program
from tests.make_pages import form_data, make_landing_page, make_share_page
from tests.referral_blocks.flows.test_groups import GROUP_RULES, make_offer

pytestmark = pytest.mark.django_db

EMAIL = "This is not an e-mail address. Check it for typing errors."
NAME = "Write the name alone, without an address or a link."
CODE = "We do not know this code. Check it for typing errors, or leave it out."
UNSEEN = "Remove the control characters from this text."
TERMS = "Please accept the terms to go on."
HIDDEN = "a\u202eb"  # turns the direction of what follows; every field of a form takes it

JOIN, FRIEND = "/referrals/join/", "/referrals/friend/"
BY_NAME, GROUP = "/referrals/refer-by-name/", "/referrals/group/join/"
FIELDS = [(kind, {"label": "", "help_text": "", "required": False}) for kind in ("phone", "company", "message")]


@pytest.fixture
def pages():
    """Where each form is."""
    program = make_program(rules=GROUP_RULES)
    make_share_page(program)
    body = [("friend_form", {"fields": FIELDS}), ("refer_by_name", {}), ("group_deal", {})]
    make_landing_page(program, body=body)
    group = open_group(referrer=make_link(program).referrer, offer=make_offer(program))
    return {JOIN: "/share/", FRIEND: "/landing/", BY_NAME: "/landing/", GROUP: f"/landing/?rb_group={group.public_id}"}


def send(client, pages, action, **typed):
    data = form_data(client, pages[action], action, **typed)
    with time_machine.travel(time.time() + 5, tick=False):
        return client.post(action, data)


def shown(response):
    """What stands beside each field of the page that is shown again, without its sign."""
    assert response.status_code == 422
    found = re.findall(r'<(\w+) [^>]*id="[\w-]+?-(\w+)_error"[^>]*>(.*?)</\1>', response.content.decode(), re.DOTALL)
    return {name: unescape(re.sub(r"<[^>]+>", "", text)).strip() for _tag, name, text in found}


# Only the flow finds these; “code” and what the friend answered are judged without a look at whether they are known.
OF_THE_FLOW = [
    (JOIN, {"name": ("www.evil.example", NAME)}),
    (
        FRIEND,
        {
            "name": ("www.evil.example", NAME),
            "phone": (HIDDEN, UNSEEN),
            "company": (HIDDEN, UNSEEN),
            "message": (HIDDEN, UNSEEN),
            "code": ("NOBODY99", CODE),
        },
    ),
    (BY_NAME, {"referrer_name": (HIDDEN, UNSEEN), "name": ("www.evil.example", NAME)}),
    (GROUP, {"name": ("www.evil.example", NAME), "phone": (HIDDEN, UNSEEN)}),
]
ACTIONS = [action for action, _mistakes in OF_THE_FLOW]
KNOWN, NEW = "referrer@example.com", "new@example.com"


def try_out(client, pages, action, mistakes, **typed):
    """What is shown for them; fails where something was written."""
    before = count()
    usual = {"referrer_name": "Robin", "email": NEW, "accept_terms": "on"}
    seen = shown(
        send(client, pages, action, **{**usual, **{name: text for name, (text, _said) in mistakes.items()}, **typed})
    )
    assert count() == before
    return seen


def count():
    return tuple(model.objects.count() for model in (Person, Referral, ReferralClaim, GroupMember, Email))


@pytest.mark.parametrize("email", [NEW, KNOWN])
@pytest.mark.parametrize(("action", "mistakes"), OF_THE_FLOW, ids=ACTIONS)
def test_all_that_the_flow_refuses_stands_beside_its_field(client, pages, action, mistakes, email):
    said = {name: text for name, (_typed, text) in mistakes.items()}
    assert try_out(client, pages, action, mistakes, email=email) == said


@pytest.mark.parametrize(("action", "mistakes"), OF_THE_FLOW, ids=ACTIONS)
def test_so_it_does_beside_what_the_form_itself_refuses(client, pages, action, mistakes):
    said = {name: text for name, (_typed, text) in mistakes.items()}
    seen = try_out(client, pages, action, mistakes, email="kim@", accept_terms="")
    assert seen == {**said, "email": EMAIL, "accept_terms": TERMS}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_field_is_told_one_thing_and_one_that_is_right_nothing(client, pages, action):
    name = "K" * 121
    assert try_out(client, pages, action, {}, name=name, code="", email="kim@") == {
        "name": "Ensure this value has at most 120 characters (it has 121).",
        "email": EMAIL,
    }
