"""The public forms are answered after the same time, whether the address in them is known or not."""

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.core import even
from referral_blocks.flows.open_group import open_group
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, ProgramStatus
from tests.hand_clock import SLOT, use_hand_clock
from tests.make import make_link, make_program, make_referral
from tests.make_pages import form_data, make_landing_page, make_share_page
from tests.referral_blocks.flows.test_groups import GROUP_RULES, make_offer

pytestmark = pytest.mark.django_db

FRIEND, NAME, GROUP = "/referrals/friend/", "/referrals/refer-by-name/", "/referrals/group/join/"
JOIN, SIGN_IN = "/referrals/join/", "/referrals/sign-in/"
FORMS = (FRIEND, NAME, GROUP, JOIN)
KNOWN, NEW = "known@example.com", "new@example.com"


@pytest.fixture
def clock(settings, monkeypatch):
    return use_hand_clock(settings, monkeypatch)


@pytest.fixture
def group():
    program = make_program(rules=GROUP_RULES)
    make_landing_page(program, body=[("friend_form", {}), ("refer_by_name", {}), ("group_deal", {})])
    make_share_page(program)
    link = make_link(program)
    make_referral(program, email=KNOWN, link=link)
    make_link(program, email=KNOWN)
    return open_group(referrer=link.referrer, offer=make_offer(program))


def filled_in(client, group, action, **typed):
    """What a browser sends."""
    page = "/share/" if action in (JOIN, SIGN_IN) else f"/landing/?rb_group={group.public_id}"
    typed = {"name": "Kim Example", "accept_terms": "on", "referrer_name": "Robin Example", **typed}
    if action == FRIEND:
        typed["code"] = group.opener.links.get().code
    client.cookies.clear()
    return form_data(client, page, action, **typed)


def send(client, clock, action, fields):
    """The answer, and how long it took."""
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=5)), clock.timing() as took:
        response = client.post(action, fields)
    return response, took[0]


@pytest.mark.parametrize("action", FORMS)
def test_a_known_address_takes_as_long_as_a_new_one(client, clock, group, action):
    outcomes = []
    for email in (KNOWN, NEW, KNOWN):
        response, took = send(client, clock, action, filled_in(client, group, action, email=email))
        outcomes.append((response.status_code, response["Location"], took))
    assert len(set(outcomes)) == 1, outcomes
    assert outcomes[0][0] == 302
    assert SLOT < outcomes[0][2] < 2 * SLOT
    assert len(set(clock.slept)) > 1
    assert clock.held == [0, 0, 0]


@pytest.mark.parametrize("action", FORMS)
def test_a_refusal_waits_as_long(client, clock, group, action):
    both = [filled_in(client, group, action, email=email) for email in (KNOWN, NEW)]
    Program.objects.update(status=ProgramStatus.PAUSED)
    outcomes = []
    for fields in both:
        response, took = send(client, clock, action, fields)
        outcomes.append((response.status_code, took))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == 422
    assert len(clock.slept) == 2
    assert not Person.objects.filter(email=NEW).exists()


def test_where_nobody_is_looked_up_nobody_waits(client, clock, group):
    statuses = []
    for action, typed in ((SIGN_IN, {}), (FRIEND, {"email": "kim@"}), (FRIEND, {"homepage": "x"})):
        fields = filled_in(client, group, action, **{"email": KNOWN, **typed})
        statuses.append(send(client, clock, action, fields)[0].status_code)
    assert (statuses, clock.slept) == ([302, 422, 302], [])


def test_where_no_thread_is_left_to_wait_the_form_comes_back_and_nobody_is_looked_up(client, clock, group, monkeypatch):
    monkeypatch.setattr(even.PLACES, "taken", 6)
    for email in (KNOWN, NEW):
        response = send(client, clock, FRIEND, filled_in(client, group, FRIEND, email=email))[0]
        assert (response.status_code, email in response.text, "Try again in a moment" in response.text) == (
            429,
            True,
            True,
        )
    assert clock.slept == []
    assert not Person.objects.filter(email=NEW).exists()


def test_whoever_comes_too_often_is_refused_at_once_and_holds_no_thread(client, clock, settings, monkeypatch, group):
    monkeypatch.setattr("referral_blocks.views.forms.LIMIT", "1/minute")
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    both = [filled_in(client, group, FRIEND, email=email) for email in (KNOWN, NEW)]
    statuses = [send(client, clock, FRIEND, fields)[0].status_code for fields in both]
    assert (statuses, len(clock.slept)) == ([302, 429], 1)
    assert not Person.objects.filter(email=NEW).exists()
