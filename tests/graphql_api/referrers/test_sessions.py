from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from wagtail.models import Page, Site

from referral_blocks.core.tokens import make_token
from referral_blocks.people.models import Person
from referral_blocks.referrers.models import SignIn
from referral_blocks.referrers.session import make_session, make_sign_in_token
from referral_blocks.referrers.sign_ins import revoke_sign_ins
from referral_blocks.referrers.tokens import open_app_session, read_access_token
from tests.graphql_api.ask import ask, codes, data, post
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db

FIELDS = "token expiresAt refreshToken refreshUntil program { slug } errors { code path }"
EXCHANGE = f"mutation ($t: String!) {{ exchangeLoginToken(input: {{token: $t}}) {{ {FIELDS} }} }}"
REFRESH = f"mutation ($t: String!) {{ refreshSession(input: {{refreshToken: $t}}) {{ {FIELDS} }} }}"
REVOKE = """
mutation ($t: String!, $all: Boolean! = false) {
  revokeSession(input: {refreshToken: $t, everywhere: $all}) { ok errors { code } }
}
"""
ME = {"query": "{ viewer { firstName } }"}
REFUSED = {
    "token": None,
    "expiresAt": None,
    "refreshToken": None,
    "refreshUntil": None,
    "program": None,
    "errors": [{"code": "INVALID_TOKEN", "path": ["refreshToken"]}],
}


def sign_in(client, referrer=None):
    referrer = referrer or make_link(make_program()).referrer
    return data(client, EXCHANGE, {"t": make_sign_in_token(referrer)})["exchangeLoginToken"]


def refresh(client, token):
    return data(client, REFRESH, {"t": token})["refreshSession"]


def me(client, bearer):
    answer = post(client, ME, Authorization=f"Bearer {bearer}").json()
    return codes(answer) if "errors" in answer else answer["data"]["viewer"]["firstName"]


def test_a_sign_in_link_gives_both_tokens_and_no_secret_is_stored(client):
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        payload = sign_in(client)
    assert (payload["program"], payload["errors"]) == ({"slug": "neighbours"}, [])
    assert payload["expiresAt"] == "2026-03-01T12:15:00+00:00"
    assert payload["refreshUntil"] == "2026-03-31T12:00:00+00:00"
    row = SignIn.objects.get()
    assert len(row.token_hash) == 64
    assert row.token_hash not in payload["refreshToken"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM referral_blocks_signin")
        stored = str(cursor.fetchall())
    assert payload["token"] not in stored
    assert payload["refreshToken"] not in stored


def test_an_access_token_works_for_a_quarter_of_an_hour(client):
    payload = sign_in(client)
    assert me(client, payload["token"]) == "Robin"
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=2)):
        assert me(client, payload["token"]) == ["UNAUTHENTICATED"]


def test_a_refresh_token_gives_the_next_two_and_the_sign_in_keeps_its_end(client):
    first = sign_in(client)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        second = refresh(client, first["refreshToken"])
        third = refresh(client, second["refreshToken"])
        assert (me(client, third["token"]), third["refreshUntil"]) == ("Robin", first["refreshUntil"])
    with time_machine.travel(timezone.now() + timedelta(days=30, seconds=5)):
        assert refresh(client, third["refreshToken"]) == REFUSED
    assert SignIn.objects.get().generation == 3


def test_an_access_token_never_outlives_its_sign_in(client):
    first = sign_in(client)
    with time_machine.travel(timezone.now() + timedelta(days=30) - timedelta(minutes=1)):
        second = refresh(client, first["refreshToken"])
    assert second["expiresAt"] == second["refreshUntil"] == first["refreshUntil"]


def test_a_refresh_token_that_is_used_twice_ends_the_whole_sign_in(client):
    first = sign_in(client)
    second = refresh(client, first["refreshToken"])
    assert refresh(client, first["refreshToken"]) == REFUSED  # by the thief, or by the one who was robbed
    assert refresh(client, second["refreshToken"]) == REFUSED
    assert me(client, second["token"]) == ["UNAUTHENTICATED"]
    assert me(client, first["token"]) == ["UNAUTHENTICATED"]
    assert SignIn.objects.get().generation == 2


def test_one_stolen_sign_in_leaves_the_other_apps_alone(client):
    referrer = make_link(make_program()).referrer
    stolen, other = sign_in(client, referrer), sign_in(client, referrer)
    refresh(client, stolen["refreshToken"])
    refresh(client, stolen["refreshToken"])
    assert me(client, other["token"]) == "Robin"


@pytest.mark.parametrize(
    "bad", ["", "x" * 10_000, "\x00", "\ud800", "nonsense", "access", "cookie", "tampered", "forged", "mail"]
)
def test_what_is_no_refresh_token_refreshes_nothing_and_revokes_nothing(client, bad):
    referrer = make_link(make_program()).referrer
    given = sign_in(client, referrer)
    family = SignIn.objects.get().public_id.hex
    kinds = {
        "access": given["token"],
        "cookie": make_session(referrer, verified=True),
        "tampered": given["refreshToken"][:-2] + "~~",
        "forged": make_token("graphql-access", [family, referrer.program.site_id, 1, "guess"]),
        "mail": make_sign_in_token(referrer),
    }
    assert refresh(client, kinds.get(bad, bad)) == REFUSED
    data(client, REVOKE, {"t": kinds.get(bad, bad), "all": True})
    assert list(SignIn.objects.values_list("generation", "revoked_at")) == [(1, None)] * 2
    assert refresh(client, given["refreshToken"])["errors"] == []


@pytest.mark.parametrize("kind", ["cookie", "refresh", "mail"])
def test_no_other_token_is_an_access_token(client, kind):
    referrer = make_link(make_program()).referrer
    tokens = {
        "cookie": make_session(referrer, verified=True),
        "refresh": sign_in(client, referrer)["refreshToken"],
        "mail": make_sign_in_token(referrer),
    }
    assert me(client, tokens[kind]) == ["UNAUTHENTICATED"]


def test_tokens_are_for_one_site_only(client):
    other = Site.objects.create(hostname="other.example", root_page=Page.objects.get(depth=2))
    tokens = open_app_session(referrer=make_link(make_program(site=other)).referrer)
    assert me(client, tokens.access) == ["UNAUTHENTICATED"]
    assert refresh(client, tokens.refresh) == REFUSED
    assert data(client, REVOKE, {"t": tokens.refresh})["revokeSession"] == {"ok": True, "errors": []}
    row = SignIn.objects.get()
    assert (row.generation, row.revoked_at) == (1, None)
    assert read_access_token(tokens.access, site_id=other.pk) is not None


def test_signing_out_ends_the_access_token_at_once(client):
    referrer = make_link(make_program()).referrer
    here, there = sign_in(client, referrer), sign_in(client, referrer)
    for _twice in range(2):
        assert data(client, REVOKE, {"t": here["refreshToken"]})["revokeSession"] == {"ok": True, "errors": []}
    assert me(client, here["token"]) == ["UNAUTHENTICATED"]
    assert refresh(client, here["refreshToken"]) == REFUSED
    assert me(client, there["token"]) == "Robin"


def test_signing_out_everywhere_asks_for_the_newest_token(client):
    referrer = make_link(make_program()).referrer
    here, there = sign_in(client, referrer), sign_in(client, referrer)
    newest = refresh(client, here["refreshToken"])
    data(client, REVOKE, {"t": newest["refreshToken"], "all": True})
    assert (me(client, newest["token"]), me(client, there["token"])) == (["UNAUTHENTICATED"], ["UNAUTHENTICATED"])


def test_an_old_token_cannot_sign_out_everywhere(client):
    referrer = make_link(make_program()).referrer
    here, there = sign_in(client, referrer), sign_in(client, referrer)
    newest = refresh(client, here["refreshToken"])
    data(client, REVOKE, {"t": here["refreshToken"], "all": True})
    assert (me(client, newest["token"]), me(client, there["token"])) == (["UNAUTHENTICATED"], "Robin")


def test_a_person_can_be_signed_out_of_every_app(client):
    referrer = make_link(make_program()).referrer
    given = sign_in(client, referrer)
    assert revoke_sign_ins(person_id=referrer.person_id) == 1
    assert me(client, given["token"]) == ["UNAUTHENTICATED"]


def test_a_sign_in_that_began_while_its_person_was_erased_is_none(client):
    signed = sign_in(client)
    Person.objects.update(erased_at=timezone.now())
    assert me(client, signed["token"]) == ["UNAUTHENTICATED"]
    assert refresh(client, signed["refreshToken"]) == REFUSED
    assert SignIn.objects.get().generation == 1


def test_an_access_token_costs_one_query_beside_the_one_for_the_site(client, django_assert_num_queries):
    token = sign_in(client)["token"]
    ask(client, ME["query"], bearer=token)  # fills the cache of sites
    with django_assert_num_queries(2):
        assert me(client, token) == "Robin"
