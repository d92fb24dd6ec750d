"""A friend types a code."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from referral_blocks.core.codes import new_code
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.links.models import ReferralLink, Visit
from referral_blocks.programs.models import Program
from referral_blocks.referrals.attribution import link_from_token, visit_token
from referral_blocks.referrals.models import Referral
from tests.make import make_link, make_program
from tests.make_pages import form_data, make_landing_page, make_share_page

pytestmark = pytest.mark.django_db

CODE, FRIEND = "/referrals/code/", "/referrals/friend/"
BODY = [("code_entry", {})]


@pytest.fixture
def program():
    program = make_program()
    make_landing_page(program)
    make_share_page(program, body=BODY)
    return Program.objects.get()


def send(client, code, *, path="/share/", seconds=5):
    data = form_data(client, path, CODE, code=code)
    with time_machine.travel(time.time() + seconds, tick=False):
        return client.post(CODE, data)


def token_of(response):
    return parse_qs(urlsplit(response["Location"]).query)["rt"][0]


def test_a_good_code_leads_to_the_form_as_its_link_would(client, program):
    link = make_link(program)
    response = send(client, f" {link.code.lower()} ")
    assert response.status_code == 302
    assert response["Location"].startswith("/landing/?rt=")
    assert response["Location"].endswith("#friend-form")
    assert link_from_token(token=token_of(response), program=program) == link
    assert response.cookies[cookie_name(program)]["httponly"]
    assert Visit.objects.count() == 1
    page = client.get(response["Location"].partition("#")[0]).content.decode()
    assert "<bdi>Robin</bdi> invited you" in page


def test_the_friend_who_typed_it_is_credited_without_typing_it_again(client, program):
    link = make_link(program)
    landing = send(client, link.code)["Location"].partition("#")[0]
    typed = {"name": "Kim Example", "email": "kim@example.com", "accept_terms": "on"}
    data = form_data(client, landing, FRIEND, **typed)
    with time_machine.travel(time.time() + 5):
        assert client.post(FRIEND, data).status_code == 302
    assert Referral.objects.get().link == link


@pytest.mark.parametrize("which", ["unknown", "expired", "other programme", "no code at all"])
def test_a_bad_code_is_refused_in_the_same_words_and_leaves_no_trace(client, program, which):
    link = make_link(program)
    if which == "expired":
        ReferralLink.objects.update(expires_at="2020-01-01T00:00:00Z")
    elif which == "other programme":
        link = make_link(make_program(slug="other"), email="else@example.com")
    code = {"unknown": new_code(), "no code at all": "<b>?!"}.get(which, link.code)
    response = send(client, code)
    html = response.content.decode()
    assert response.status_code == 422
    assert "We do not know this code. Check it for typing errors." in html
    assert 'id="code-entry-code_error"' in html
    assert not response.cookies
    assert Visit.objects.count() == 0


def test_a_code_says_nothing_about_whose_it_is(client, program):
    make_link(program, email="robin@example.com")
    response = send(client, ReferralLink.objects.get().code)
    assert "robin" not in (response["Location"] + str(response.cookies)).lower()


def test_codes_cannot_be_tried_out_by_the_dozen(client, program, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    data = form_data(client, "/share/", CODE, code=new_code())
    with time_machine.travel(time.time() + 5, tick=False):
        answers = [client.post(CODE, data, REMOTE_ADDR="192.0.2.8") for _ in range(11)]
    assert [a.status_code for a in answers] == [422] * 10 + [429]


def test_a_paused_programme_takes_no_code(client, program):
    link = make_link(program)
    data = form_data(client, "/share/", CODE, code=link.code)
    Program.objects.update(status="paused")
    with time_machine.travel(time.time() + 5):
        response = client.post(CODE, data)
    assert response.status_code == 422
    assert "not open at the moment" in response.content.decode()
    assert Visit.objects.count() == 0


@pytest.mark.parametrize(("attribution", "keeps"), [("first", True), ("last", False)])
def test_under_first_touch_an_earlier_link_keeps_the_cookie(client, program, attribution, keeps):
    Program.objects.update(attribution=attribution)
    earlier, typed = make_link(program), make_link(program, email="other@example.com", name="Ola Example")
    client.cookies[cookie_name(program)] = visit_token(code=earlier.code, program_id=program.pk, visit=None)
    response = send(client, typed.code)
    # Who types a code means this one: the address says so whatever the cookie holds.
    assert link_from_token(token=token_of(response), program=program) == typed
    assert (cookie_name(program) not in response.cookies) is keeps


def test_without_a_landing_page_it_leads_back_to_its_own(client):
    program = make_program()
    make_share_page(program, body=BODY)
    response = send(client, make_link(program).code)
    assert response["Location"].startswith("/share/?rt=")


def test_a_robot_in_the_trap_gets_no_token(client, program):
    data = {**form_data(client, "/share/", CODE, code=make_link(program).code), "homepage": "x"}
    response = client.post(CODE, data)
    assert response["Location"] == "/landing/#friend-form"
    assert not response.cookies
    assert Visit.objects.count() == 0


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_a_code_from_another_site_is_refused(client, program, headers):
    assert client.post(CODE, {"code": "X"}, headers=headers).status_code == 403
