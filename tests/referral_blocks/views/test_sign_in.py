from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.core.tokens import make_token
from referral_blocks.people.models import Person
from referral_blocks.referrers.models import SignIn
from referral_blocks.referrers.session import (
    make_session,
    make_sign_in_token,
    read_session,
    revoke_sessions,
    session_cookie,
)
from referral_blocks.referrers.tokens import (
    ACCESS,
    REFRESH,
    open_app_session,
    read_access_token,
    rotate_refresh_token,
)
from tests.make import make_link, make_program

LIMIT_A_MINUTE = 20
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


@pytest.mark.parametrize(
    "header", [{"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"}]
)
def test_a_browser_that_loads_the_link_ahead_signs_nobody_in_and_loads_it_again(client, referrer, header):
    path = f"/referrals/sign-in/{make_sign_in_token(referrer)}/"
    ahead = client.get(path, headers=header)
    assert (ahead.status_code, len(ahead.cookies), SignIn.objects.count()) == (503, 0, 0)
    assert Person.objects.get().email_verified_at is None
    assert (client.get(path).status_code, SignIn.objects.count()) == (302, 1)


def test_whoever_opens_a_link_again_and_again_fills_no_table(referrer, monkeypatch):
    """Given room for three, when more are opened, then those that are over make room first, then the oldest."""
    monkeypatch.setattr("referral_blocks.referrers.sign_ins.MOST", 3)
    other = make_session(make_link(referrer.program, email="other@example.com").referrer, verified=True)
    first, second, third = (make_session(referrer, verified=True) for _ in range(3))
    revoke_sessions(tokens=[second])
    fourth = make_session(referrer, verified=True)
    assert [bool(read_session(cookie)) for cookie in (first, third, fourth)] == [True, True, True]
    app = open_app_session(referrer=referrer)
    assert [bool(read_session(cookie)) for cookie in (first, third, fourth)] == [False, True, True]
    assert read_access_token(app.access, site_id=referrer.program.site_id).verified
    assert (SignIn.objects.filter(referrer=referrer).count(), bool(read_session(other))) == (3, True)


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
    assert SignIn.objects.get().revoked_at is None
    response = client.post("/referrals/sign-out/", headers={"sec-fetch-site": "same-origin"})
    assert [c.value for c in response.cookies.values()] == [""]


def open_link(client, referrer):
    """The cookie of a browser in which the link was just opened."""
    client.get(f"/referrals/sign-in/{make_sign_in_token(referrer)}/")
    return client.cookies[session_cookie(referrer.program)].value


def press_sign_out(client, **data):
    return client.post("/referrals/sign-out/", data, headers={"sec-fetch-site": "same-origin"})


def test_a_cookie_that_was_copied_is_worth_nothing_after_signing_out(client, referrer):
    mine, other = open_link(client, referrer), open_link(Client(), referrer)
    press_sign_out(client)
    assert read_session(mine) is None
    assert read_session(other).verified


def test_signing_out_everywhere_ends_every_browser_and_app_of_this_person(client, referrer):
    second = make_link(make_program(slug="second")).referrer
    stranger = make_link(referrer.program, email="other@example.com").referrer
    ended = [open_link(client, referrer), open_link(Client(), referrer), open_link(Client(), second)]
    app, stays = open_app_session(referrer=second), open_link(Client(), stranger)
    response = press_sign_out(client, everywhere="1")
    assert (response.status_code, response.cookies[session_cookie(referrer.program)].value) == (302, "")
    assert [read_session(cookie) for cookie in ended] == [None, None, None]
    assert read_access_token(app.access, site_id=referrer.program.site_id) is None
    assert read_session(stays).referrer == stranger


def test_a_cookie_of_another_site_ends_nothing_but_itself(client, referrer):
    """Given somebody who takes part on two sites, when the cookie of one is shown to the other, with everywhere, then
    what they are signed in to on the other one stays."""
    root = Site.objects.get().root_page
    elsewhere = make_program(slug="elsewhere", site=Site.objects.create(hostname="other.example", root_page=root))
    theirs = make_session(make_link(elsewhere).referrer, verified=True)
    stays = make_session(referrer, verified=True)
    client.cookies[session_cookie(referrer.program)] = theirs
    assert press_sign_out(client, everywhere="1").status_code == 302
    assert (read_session(theirs), read_session(stays).referrer) == (None, referrer)


@pytest.mark.parametrize("name", ["rb_me_[x]", "rb_me_a b", "rb_me_é", "rb_me_", "rb_me_0123456789abX"])
def test_a_cookie_whose_name_only_begins_like_ours_keeps_nobody_from_signing_out(client, referrer, name):
    """Given a cookie that another host of the same domain has set under a name which no response can hold."""
    ours, mine = session_cookie(referrer.program), make_session(referrer, verified=True)
    headers = {"sec-fetch-site": "same-origin", "cookie": f"{name}=1; {ours}={mine}"}
    for path, data, kind in (
        ("/referrals/sign-out/", "", "application/x-www-form-urlencoded"),
        ("/graphql/", {"query": "mutation { signOut { ok } }"}, "application/json"),
    ):
        response = client.post(path, data, content_type=kind, headers=headers)
        assert (response.status_code < 400, list(response.cookies)) == (True, [ours])
    assert read_session(mine) is None


@pytest.mark.parametrize("everywhere", [{}, {"everywhere": "1"}])
def test_signing_out_of_what_is_over_is_calm_and_ends_nothing_else(client, referrer, everywhere):
    """Given a browser that was signed out elsewhere, when its button is pressed, twice, then nobody is troubled."""
    open_link(client, referrer)
    SignIn.objects.update(revoked_at=timezone.now())
    stays = open_link(Client(), referrer)
    for _twice in range(2):
        response = press_sign_out(client, **everywhere)
        assert (response.status_code, response["Location"]) == (302, "http://localhost/")
    assert read_session(stays).verified


def test_one_link_opened_in_two_browsers_is_two_sign_ins_and_in_one_browser_the_last_counts(client, referrer):
    first, other = open_link(client, referrer), open_link(Client(), referrer)
    again = open_link(client, referrer)
    assert read_session(first) is None, "nobody could sign it out any more"
    assert (read_session(other).verified, read_session(again).verified) == (True, True)
    assert list(SignIn.objects.order_by("pk").values_list("kind", flat=True)) == ["browser"] * 3


def test_a_sign_in_costs_one_query_to_read_and_so_does_what_joining_gave(referrer, django_assert_num_queries):
    verified = make_session(referrer, verified=True)
    for token, is_verified in ((verified, True), (make_session(referrer, verified=False), False)):
        with django_assert_num_queries(1):
            session = read_session(token)
            assert (session.referrer.person.name, session.referrer.program.site.hostname) != ("", "")
        assert session.verified is is_verified


@pytest.mark.parametrize("kind", ["former", "access", "refresh", "mail", "an app's row", "no row"])
def test_nothing_else_is_a_cookie(referrer, kind):
    app = open_app_session(referrer=referrer)
    tokens = {
        "former": make_token("session", [referrer.public_id.hex, True, None]),
        "access": app.access,
        "refresh": app.refresh,
        "mail": make_sign_in_token(referrer),
        "an app's row": make_token("browser", SignIn.objects.get().public_id.hex),
        "no row": make_token("browser", referrer.public_id.hex),
    }
    assert read_session(tokens[kind]) is None


def test_a_browsers_sign_in_is_no_apps(referrer):
    make_session(referrer, verified=True)
    family, program = SignIn.objects.get().public_id.hex, referrer.program
    token = make_token(ACCESS, [family, program.site_id, program.public_id.hex, referrer.public_id.hex])
    assert read_access_token(token, site_id=program.site_id) is None
    refresh = make_token(REFRESH, [family, program.site_id, 1, ""])
    assert rotate_refresh_token(token=refresh, site_id=program.site_id) is None
    assert (SignIn.objects.get().generation, SignIn.objects.get().revoked_at) == (1, None)


def test_a_sign_in_ends_by_itself_and_with_its_person(referrer):
    session = make_session(referrer, verified=True)
    with time_machine.travel(timezone.now() + timedelta(days=30, seconds=5)):
        assert read_session(session) is None
    Person.objects.update(erased_at=timezone.now())
    assert read_session(session) is None, "one that began while its person was erased"


@time_machine.travel("2026-03-01T12:00:30Z", tick=False)
def test_opening_a_link_again_and_again_ends_at_a_limit(client, referrer, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    for _time in range(LIMIT_A_MINUTE):
        open_link(client, referrer)
    token = make_sign_in_token(referrer)
    response = client.get(f"/referrals/sign-in/{token}/")
    assert (response.status_code, len(response.cookies)) == (429, 0)
    assert SignIn.objects.count() == LIMIT_A_MINUTE
