import base64
import json
import time

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from referral_blocks.emails.link_requests import LinkRequest
from referral_blocks.emails.models import Email
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.links.models import Visit
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, read_session, session_cookie
from tests.mailbox import look_up
from tests.make import make_link, make_program
from tests.make_pages import form_data, make_landing_page, make_share_page

pytestmark = pytest.mark.django_db

JOIN, FRIEND, SIGN_IN = "/referrals/join/", "/referrals/friend/", "/referrals/sign-in/"
NAME, CODE = "/referrals/refer-by-name/", "/referrals/code/"
TYPED = {"name": "Kim Example", "email": "kim@example.com", "accept_terms": "on"}


@pytest.fixture
def program():
    program = make_program()
    make_landing_page(program)
    make_share_page(program)
    return Program.objects.get()


def send(client, path, action, *, seconds=5, **typed):
    """Open the page, type for a while, and press the button."""
    data = form_data(client, path, action, **typed)
    with time_machine.travel(time.time() + seconds, tick=False):
        return client.post(action, data)


def _written():
    return tuple(model.objects.count() for model in (Person, Referrer, Referral, Email, LinkRequest))


def nothing_written():
    return _written() == (0, 0, 0, 0, 0)


def test_joining_leads_to_the_share_page_with_the_link(client, program):
    response = send(client, "/share/", JOIN, **TYPED)
    assert (response.status_code, response["Location"]) == (302, "/share/?rb=joined#share-panel")
    session = read_session(response.cookies[session_cookie(program)].value)
    assert (session.referrer.person.email, session.verified) == ("kim@example.com", False)
    page = client.get("/share/?rb=joined").content.decode()
    assert session.referrer.links.get().code in page
    assert "A mail with your link" in page


def test_joining_twice_answers_the_same_and_writes_once(client, program):
    first, second = send(client, "/share/", JOIN, **TYPED), None
    client.cookies.clear()
    second = send(client, "/share/", JOIN, **TYPED)
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert set(first.cookies) == set(second.cookies)
    assert (Person.objects.count(), Referrer.objects.count()) == (1, 1)


def test_nothing_that_a_stranger_is_given_counts_up(client, program):
    """Given a link that was shown to whoever typed an address, when they read what they were sent with it, then no
    number of a row tells whether it is older than a link that they ask for now."""
    cookie = send(client, "/share/", JOIN, **TYPED).cookies[session_cookie(program)].value
    link = Referrer.objects.get().links.get()
    visited = client.get(f"/r/{link.code}/", headers={"user-agent": "Mozilla/5.0"})
    (visit,) = Visit.objects.values_list("pk", flat=True)
    assert payload_of(cookie) == [link.referrer.public_id.hex, link.code]
    assert payload_of(visited.cookies[cookie_name(program)].value) == [visit.hex, link.code, program.pk]


def payload_of(token):
    text = token.partition(":")[0]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_joining_again_does_not_sign_a_verified_referrer_out(client, program):
    link = make_link(program, email="kim@example.com")
    data = form_data(client, "/share/", JOIN, **TYPED)
    client.cookies[session_cookie(program)] = make_session(link.referrer, verified=True)
    with time_machine.travel(time.time() + 5):
        response = client.post(JOIN, data)
    assert response.status_code == 302
    assert session_cookie(program) not in response.cookies


def test_somebody_else_who_joins_takes_the_browser_over(client, program):
    link = make_link(program)
    data = form_data(client, "/share/", JOIN, **TYPED)
    client.cookies[session_cookie(program)] = before = make_session(link.referrer, verified=True)
    with time_machine.travel(time.time() + 5):
        response = client.post(JOIN, data)
    session = read_session(response.cookies[session_cookie(program)].value)
    assert (session.referrer.person.email, session.verified) == ("kim@example.com", False)
    assert read_session(before) is None, "nobody could sign it out any more"


def test_a_friends_form_is_thanked_on_the_same_page(client, program):
    code = make_link(program).code
    response = send(client, "/landing/", FRIEND, **TYPED, phone="020 7946 0000", code=code.lower())
    assert (response.status_code, response["Location"]) == (302, "/landing/?rb=thanks#friend-form")
    referral = Referral.objects.get()
    assert (referral.friend.email, referral.friend.phone, referral.attribution_method) == (
        "kim@example.com", "020 7946 0000", "code",
    )  # fmt: skip
    page = client.get("/landing/?rb=thanks").content.decode()
    assert "Thank you, that’s everything!" in page
    assert 'action="/referrals/friend/"' not in page


def test_a_friends_form_that_is_sent_twice_writes_once(client, program):
    code = make_link(program).code
    data = form_data(client, "/landing/", FRIEND, **TYPED, code=code)
    with time_machine.travel(time.time() + 5):
        answers = [client.post(FRIEND, data) for _ in range(2)]
    assert {(a.status_code, a["Location"]) for a in answers} == {(302, "/landing/?rb=thanks#friend-form")}
    assert Referral.objects.count() == 1


def test_a_friend_who_came_through_the_link_needs_no_code(client, program):
    link = make_link(program)
    client.get(f"/r/{link.code}/", HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    response = send(client, "/landing/", FRIEND, **TYPED)
    assert response.status_code == 302
    assert Referral.objects.get().attribution_method == "token"


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"email": "kim@"}, "email", "This is not an e-mail address"),
        ({"email": ""}, "email", "Enter your e-mail address"),
        ({"name": ""}, "name", "Enter your name"),
        ({"name": "Kim\nBcc: x"}, "name", "Remove the control characters"),
        ({"name": "K" * 121}, "name", "at most 120 characters"),
        ({"accept_terms": ""}, "accept_terms", "Please accept the terms"),
        ({"code": "NOBODY99"}, "code", "We do not know this code"),
        ({"code": ""}, "code", "We cannot tell who invited you"),
        ({"token": "tampered", "code": ""}, "code", "This invitation is damaged or too old"),
        ({"phone": "1" * 33}, "phone", "at most 32 characters"),
    ],
)
def test_a_mistake_is_shown_at_its_field_and_nothing_typed_is_lost(client, program, typed, field, message):
    code = make_link(program).code
    before = _written()
    given = {**TYPED, "phone": "020 7946 0000", "code": code, **typed}
    response = send(client, "/landing/", FRIEND, **given)
    html = response.content.decode()
    assert response.status_code == 422
    assert f'id="friend-form-{field}_error"' in html
    assert message in html
    assert 'role="alert"' in html
    assert f"friend-form-{field}_error" in _describedby(html, f"friend-form-{field}")
    for name in {"name", "email", "phone", "code"} - {field}:
        assert f'value="{given[name]}"' in html
    assert _written() == before


def _describedby(html, field_id):
    tag = next(t for t in html.split("<input")[1:] if f'id="{field_id}"' in t.split(">")[0])
    return tag.split(">")[0].split('aria-describedby="')[1].split('"')[0].split()


@pytest.mark.parametrize(
    "path", ["", "//evil.example/", "https://evil.example/", "/nowhere/", "/admin/", "/landing/?x=1", "landing"]
)
def test_a_form_whose_page_cannot_be_found_gets_a_page_of_its_own(client, program, path):
    data = {**form_data(client, "/share/", JOIN, **TYPED), "email": "kim@", "page": path}
    response = client.post(JOIN, data)
    html = response.content.decode()
    assert response.status_code == 422
    assert 'value="Kim Example"' in html
    assert "evil" not in html.replace('value="//evil.example/"', "").replace('value="https://evil.example/"', "")
    assert nothing_written()


def test_a_form_from_a_block_that_is_no_longer_on_the_page_gets_a_page_of_its_own(client, program):
    data = {**form_data(client, "/share/", JOIN, **TYPED), "email": "kim@", "page": "/landing/"}
    response = client.post(JOIN, data)
    assert response.status_code == 422
    assert 'value="kim@"' in response.content.decode()


@pytest.mark.parametrize("slug", ["", "nobody", "\x00", "a" * 500])
def test_a_programme_that_does_not_exist_is_said_so(client, program, slug):
    data = {**form_data(client, "/share/", JOIN, **TYPED), "program": slug}
    response = client.post(JOIN, data)
    assert response.status_code == 422
    assert nothing_written()


def test_a_robot_that_fills_in_the_trap_is_thanked_and_writes_nothing(client, program):
    friend = send(client, "/landing/", FRIEND, **TYPED, homepage="https://spam.example/")
    join = send(client, "/share/", JOIN, **TYPED, homepage="x")
    assert friend["Location"] == "/landing/?rb=thanks#friend-form"
    assert join["Location"] == "/share/?rb=joined#share-panel"
    assert nothing_written()


@pytest.mark.parametrize("started", [None, "", "forged"])
def test_a_form_sent_in_no_time_is_shown_again_and_goes_through_the_second_time(client, program, started):
    data = form_data(client, "/share/", JOIN, **TYPED)
    if started is not None:
        data["started"] = started
    response = client.post(JOIN, data)
    html = response.content.decode()
    assert response.status_code == 422
    assert "That was very quick" in html
    assert 'value="kim@example.com"' in html
    assert nothing_written()
    again = {**data, **_hidden(html, JOIN)}
    with time_machine.travel(time.time() + 5):
        assert client.post(JOIN, again).status_code == 302


def _hidden(html, action):
    import re

    form = next(f for f in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'action="{action}"' in f)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form))


def test_terms_that_changed_meanwhile_have_to_be_read_again(client, program):
    data = form_data(client, "/share/", JOIN, **TYPED)
    Program.objects.update(terms="Be kinder.")
    with time_machine.travel(time.time() + 5):
        response = client.post(JOIN, data)
    assert response.status_code == 422
    assert "The terms have changed" in response.content.decode()
    assert nothing_written()


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}]
)
@pytest.mark.parametrize("action", [JOIN, FRIEND, SIGN_IN, NAME, CODE])
def test_a_form_from_another_site_is_refused(client, program, action, headers):
    assert client.post(action, TYPED, headers=headers).status_code == 403
    assert nothing_written()


@pytest.mark.parametrize("action", [JOIN, FRIEND, SIGN_IN, NAME, CODE])
def test_the_addresses_of_forms_take_posts_only(client, action):
    assert client.get(action).status_code == 405


def test_too_many_tries_are_asked_to_wait_and_keep_what_they_typed(client, program, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    data = {**form_data(client, "/share/", JOIN, **TYPED), "email": "kim@"}
    answers = [client.post(JOIN, data, REMOTE_ADDR="192.0.2.7") for _ in range(11)]
    assert [a.status_code for a in answers] == [422] * 10 + [429]
    assert "Too many tries" in answers[-1].content.decode()
    assert 'value="Kim Example"' in answers[-1].content.decode()


def test_asking_for_a_sign_in_link_answers_the_same_for_everybody(client, program):
    make_link(program, email="robin@example.com")
    Email.objects.all().delete()
    data = form_data(client, "/share/", SIGN_IN)
    seen, queries = [], []
    with time_machine.travel(time.time() + 5, tick=False):
        for email in ("warm-up@example.com", "robin@example.com", "nobody@example.com"):
            with CaptureQueriesContext(connection) as done:
                answer = client.post(SIGN_IN, {**data, "email": email})
            seen.append((answer.status_code, answer.content, dict(answer.items()), str(answer.cookies)))
            queries.append(len(done))
    assert seen[1] == seen[2]
    assert queries[1] == queries[2]
    assert (seen[1][0], seen[1][2]["Location"]) == (302, "/share/?rb=mail-sent#standing")
    assert look_up() == 3
    assert list(Email.objects.values_list("kind", "person__email")) == [("sign_in", "robin@example.com")]
    assert "If this address has joined" in client.get("/share/?rb=mail-sent").content.decode()


def test_a_paused_programme_takes_nobody_who_still_had_the_form_open(client, program):
    data = form_data(client, "/share/", JOIN, **TYPED)
    Program.objects.update(status="paused")
    with time_machine.travel(time.time() + 5):
        response = client.post(JOIN, data)
    assert response.status_code == 422
    assert "not open at the moment" in response.content.decode()
    assert nothing_written()


def test_a_programme_without_terms_asks_for_no_consent(client):
    program = make_program(terms="")
    make_share_page(program)
    response = send(client, "/share/", JOIN, name="Kim", email="kim@example.com")
    assert response.status_code == 302
    assert Referrer.objects.get().person.email == "kim@example.com"


def test_a_damaged_sign_in_link_is_explained(client, program):
    response = client.get("/referrals/sign-in/forged/")
    assert response.status_code == 400
    assert "damaged or too old" in response.content.decode()
