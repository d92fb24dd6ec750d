"""Signing out, of an app and of a browser."""

import pytest
from django.utils import timezone
from wagtail.models import Page, Site

from referral_blocks.core.tokens import make_token
from referral_blocks.flows.revoke_session import revoke_session
from referral_blocks.referrers.models import SignIn
from referral_blocks.referrers.session import (
    COOKIE_PREFIX,
    make_session,
    make_sign_in_token,
    revoke_sessions,
    session_cookie,
)
from referral_blocks.referrers.sign_ins import open_sign_in
from referral_blocks.referrers.tokens import open_app_session
from tests.graphql_api.ask import JSON, URL, ask, bearer_of, codes, data
from tests.graphql_api.signed_in import sign_in
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
OUT = "mutation { signOut { ok errors { code } } }"
OUT_EVERYWHERE = "mutation { signOut(input: {everywhere: true}) { ok errors { code } } }"
NAME = "{ viewer { firstName } }"


def show(client, link, value):
    client.cookies.clear()
    client.cookies[session_cookie(link.referrer.program)] = value


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
    assert SignIn.objects.filter(revoked_at=None).count() == 0


def test_a_cookie_that_somebody_has_copied_is_worth_nothing_after_it(client):
    link = make_link(make_program())
    mine, other = (make_session(link.referrer, verified=True) for _ in range(2))
    for _twice in range(2):
        show(client, link, mine)
        assert data(client, OUT, Sec_Fetch_Site="same-origin") == {"signOut": {"ok": True, "errors": []}}
    show(client, link, mine)
    assert data(client, NAME, Sec_Fetch_Site="same-origin")["viewer"] is None
    show(client, link, other)
    assert data(client, NAME, Sec_Fetch_Site="same-origin")["viewer"]["firstName"] == "Robin"


@pytest.mark.parametrize("way", ["cookie", "bearer", "refresh"])
def test_signing_out_everywhere_ends_all_browsers_and_apps_of_the_person_on_this_site(client, way):
    program = make_program()
    link, stranger = make_link(program), make_link(program, email="other@example.com")
    second = make_link(make_program(slug="second"))
    far = make_link(make_program(site=Site.objects.create(hostname="far.example", root_page=Page.objects.get(depth=2))))
    app, left = open_app_session(referrer=link.referrer), {stranger.referrer.pk, far.referrer.pk}
    for one in (link, second, stranger, far):
        bearer_of(one.referrer)
        sign_in(client, one)
    client.cookies.clear()
    if way == "cookie":
        sign_in(client, link)
        data(client, OUT_EVERYWHERE, Sec_Fetch_Site="same-origin")
    elif way == "bearer":
        data(client, OUT_EVERYWHERE, bearer=app.access)
    else:
        revoke_session(refresh_token=app.refresh, site_id=program.site_id, everywhere=True)
    assert set(SignIn.objects.filter(revoked_at=None).values_list("referrer_id", flat=True)) == left
    assert SignIn.objects.filter(revoked_at=None).count() == 4


@pytest.mark.parametrize("kind", ["revoked", "over", "joined", "former", "bearer", "mail", "forged"])
def test_what_signs_nobody_in_signs_nobody_out_everywhere(client, kind):
    link = make_link(make_program())
    referrer = link.referrer
    stays = SignIn.objects.get(pk=open_sign_in(referrer=referrer, kind="app").pk)
    value = make_session(referrer, verified=True)
    if kind == "revoked":
        revoke_sessions(tokens=[value])
    if kind == "over":
        SignIn.objects.filter(kind="browser").update(expires_at=timezone.now())
    others = {
        "joined": make_session(referrer, verified=False, code=link.code),
        "former": make_token("session", [referrer.public_id.hex, True, None]),
        "bearer": bearer_of(referrer),
        "mail": make_sign_in_token(referrer),
        "forged": make_token("browser", stays.public_id.hex),  # an app's sign-in in a cookie
    }
    show(client, link, others.get(kind, value))
    assert data(client, OUT_EVERYWHERE, Sec_Fetch_Site="same-origin") == {"signOut": {"ok": True, "errors": []}}
    stays.refresh_from_db()
    assert stays.revoked_at is None


def test_another_site_signs_nobody_out(client):
    sign_in(client, make_link(make_program()))
    response = client.post(URL, {"query": OUT}, content_type=JSON, headers={"Sec-Fetch-Site": "cross-site"})
    assert not response.cookies
    assert SignIn.objects.get().revoked_at is None
    assert data(client, NAME, Sec_Fetch_Site="same-origin")["viewer"]["firstName"] == "Robin"


@pytest.mark.parametrize("bearer", ["", "nonsense", "rb_nonsense", "a:b:c"])
def test_nobody_is_signed_out_without_an_error(client, bearer):
    bearer_of(make_link(make_program()).referrer)
    assert data(client, OUT, bearer=bearer) == {"signOut": {"ok": True, "errors": []}}
    assert SignIn.objects.filter(revoked_at=None).count() == 1
