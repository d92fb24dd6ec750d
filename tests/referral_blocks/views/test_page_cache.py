from datetime import timedelta

import pytest
import time_machine
from django.middleware.csrf import get_token
from django.test import Client
from django.utils import timezone

from cms.pages.models import LandingPage
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from tests.make import make_link, make_program
from tests.make_pages import form_data, make_landing_page, make_share_page

pytestmark = pytest.mark.django_db

SHARED, PRIVATE = "public, max-age=0, s-maxage=60", "private, no-store"
SCRIPT = "js/personal.js"
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def program():
    program = make_program()
    make_landing_page(program)
    make_share_page(program)
    return Program.objects.get()


@pytest.fixture
def serve(monkeypatch):
    """Lets a host do something of its own when it serves a page."""

    def change(do):
        served = LandingPage.serve

        def wrapper(page, request, *args, **kwargs):
            response = served(page, request, *args, **kwargs)
            do(request, response)
            return response

        monkeypatch.setattr(LandingPage, "serve", wrapper)

    return change


@pytest.mark.parametrize("fields", [{"ends_at": 20}, {"starts_at": 20}, {"starts_at": -9, "ends_at": 20}])
def test_no_page_is_kept_beyond_the_moment_at_which_a_programme_begins_or_ends(client, program, fields):
    moments = {name: NOW + timedelta(seconds=seconds) for name, seconds in fields.items()}
    Program.objects.update(**moments)
    with time_machine.travel(NOW, tick=False):
        assert client.get("/landing/")["Cache-Control"] == "public, max-age=0, s-maxage=20"
    with time_machine.travel(NOW + timedelta(seconds=20), tick=False):
        assert client.get("/landing/")["Cache-Control"] == SHARED


def test_no_page_is_kept_beyond_the_moment_at_which_it_expires(client, program):
    LandingPage.objects.update(expire_at=NOW + timedelta(seconds=7, milliseconds=900))
    with time_machine.travel(NOW, tick=False):
        assert client.get("/landing/")["Cache-Control"] == "public, max-age=0, s-maxage=7"


def test_a_host_may_choose_another_time_or_leave_the_headers_alone(client, program, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAGE_CACHE_SECONDS": 300}
    assert client.get("/landing/")["Cache-Control"] == "public, max-age=0, s-maxage=300"
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAGE_CACHE_SECONDS": 0}
    assert "Cache-Control" not in client.get("/landing/")
    assert client.get("/landing/?rb=thanks")["Cache-Control"] == PRIVATE


@pytest.mark.parametrize("query", ["rb=me", "rb=thanks", "rt=forged", "rb_group=x", "rb_rewards=2"])
def test_what_our_own_addresses_say_is_for_one_visitor(client, program, query):
    response = client.get(f"/landing/?{query}")
    assert (response["Cache-Control"], response["Vary"]) == (PRIVATE, "Cookie")


def test_a_campaign_in_the_address_is_not(client, program):
    assert client.get("/landing/?utm_source=flyer")["Cache-Control"] == SHARED


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("rb_visit_0123456789ab", PRIVATE),
        ("rb_me_0123456789ab", PRIVATE),
        ("sessionid", PRIVATE),
        ("messages", PRIVATE),
        ("shop_customer", PRIVATE),
        ("_ga_X1", SHARED),
        ("csrftoken", SHARED),
    ],
)
def test_a_cookie_that_may_make_the_page_differ_keeps_it_from_others(client, program, cookie, expected):
    client.cookies[cookie] = 32 * "x"
    assert client.get("/landing/")["Cache-Control"] == expected


def test_a_page_behind_a_password_of_the_browser_is_not_shared(client, program):
    assert client.get("/landing/", headers={"authorization": "Basic eDp5"})["Cache-Control"] == PRIVATE


def test_a_page_for_somebody_whom_a_header_logged_in_is_not_shared(client, program, serve, django_user_model):
    user = django_user_model.objects.create_user("sam")
    serve(lambda request, response: setattr(request, "user", user))
    assert client.get("/landing/")["Cache-Control"] == PRIVATE


@pytest.mark.parametrize(
    "do",
    [
        lambda request, response: response.set_cookie("seen", "1"),
        lambda request, response: request.session.__setitem__("seen", 1),
        lambda request, response: get_token(request),
    ],
)
def test_no_cookie_is_ever_set_by_a_page_that_others_are_handed(client, program, serve, do):
    serve(do)
    response = client.get("/landing/")
    assert response.cookies
    assert response["Cache-Control"] == PRIVATE


def test_a_hosts_own_header_stands_unless_the_page_is_for_one_visitor(client, program, serve):
    serve(lambda request, response: response.__setitem__("Cache-Control", "public, max-age=600"))
    assert client.get("/landing/")["Cache-Control"] == "public, max-age=600"
    client.cookies["shop_customer"] = "x"
    assert client.get("/landing/")["Cache-Control"] == "public, max-age=600", "the host knows its own cookies"
    client.cookies[cookie_name(program)] = "x"
    assert client.get("/landing/")["Cache-Control"] == PRIVATE


def test_head_says_the_same_as_get(client, program):
    for query in ("", "?rb=me"):
        get, head = client.get(f"/landing/{query}"), client.head(f"/landing/{query}")
        names = ("Cache-Control", "Vary", "Content-Type")
        assert [get[name] for name in names] == [head[name] for name in names]


def test_a_form_that_is_shown_again_is_kept_by_nobody(client, program):
    response = client.post("/referrals/friend/", form_data(client, "/landing/", "/referrals/friend/", email="bad"))
    assert response.status_code == 422
    assert response["Cache-Control"] == PRIVATE


def test_a_cache_may_ask_whether_its_copy_is_still_right(client, program, settings):
    settings.MIDDLEWARE = ["django.middleware.http.ConditionalGetMiddleware", *settings.MIDDLEWARE]
    make_landing_page(program, slug="short", body=[("hero", {"heading": "Hello", "greeting": True})])
    first = client.get("/short/")
    again = client.get("/short/", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again["Cache-Control"], again["Vary"]) == (304, SHARED, "Cookie")
    client.get(f"/r/{make_link(program).code}/", headers={"user-agent": "Mozilla/5.0 Firefox/140.0"})
    friends = client.get("/short/", headers={"if-none-match": first["ETag"]})
    assert (friends.status_code, friends["Cache-Control"], "ETag" in friends) == (200, PRIVATE, False)


def test_the_script_that_looks_again_is_on_pages_for_strangers_and_where_it_led(client, program):
    def is_there(path):
        return SCRIPT in client.get(path).content.decode()

    assert is_there("/landing/")
    assert is_there("/landing/?rb=me")
    assert not is_there("/landing/?rb=thanks")
    client.cookies[cookie_name(program)] = "x"
    assert not is_there("/landing/")
    assert is_there("/landing/?rb=me"), "it takes the parameter from the address again"


def test_a_visit_leaves_a_hint_that_goes_with_its_cookie(client, program):
    client.get(f"/r/{make_link(program).code}/", headers={"user-agent": "Mozilla/5.0 Firefox/140.0"})
    hint = client.cookies["rb_hint"]
    assert (hint.value, hint["httponly"], hint["samesite"]) == ("1", "", "Lax")
    assert "rb_hint" not in client.get("/landing/").cookies
    del client.cookies[cookie_name(program)]
    response = client.get("/landing/")
    assert (response["Cache-Control"], response.cookies["rb_hint"]["max-age"]) == (PRIVATE, 0)


def test_two_visitors_who_were_handed_the_same_page_are_both_recorded_even_an_hour_later(client, program):
    join = form_data(client, "/share/", "/referrals/join/")
    friend = form_data(client, "/landing/", "/referrals/friend/")
    link = make_link(program)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        for name in ("kim", "sam"):
            typed = {"name": name.title(), "email": f"{name}@example.com", "accept_terms": "on"}
            joined = Client().post("/referrals/join/", {**join, **typed})
            assert joined["Location"] == "/share/?rb=joined#share-panel"
            typed["email"] = f"friend.{typed['email']}"
            thanked = Client().post("/referrals/friend/", {**friend, **typed, "code": link.code})
            assert thanked["Location"] == "/landing/?rb=thanks#friend-form"
    assert set(Referrer.objects.exclude(pk=link.referrer_id).values_list("person__email", flat=True)) == {
        "kim@example.com", "sam@example.com",
    }  # fmt: skip
    assert set(Referral.objects.values_list("friend__email", flat=True)) == {
        "friend.kim@example.com", "friend.sam@example.com",
    }  # fmt: skip
    assert Referral.objects.filter(referrer=link.referrer).count() == 2


def test_the_same_visitor_who_sends_a_kept_form_twice_is_recorded_once(client, program):
    friend = form_data(client, "/landing/", "/referrals/friend/")
    link = make_link(program)
    typed = {"name": "Kim", "email": "kim@example.com", "accept_terms": "on", "code": link.code}
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        answers = [Client().post("/referrals/friend/", {**friend, **typed})["Location"] for _ in range(2)]
    assert answers == ["/landing/?rb=thanks#friend-form"] * 2
    assert Referral.objects.count() == 1
