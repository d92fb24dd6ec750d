"""Staff who are signed in to Wagtail use what systems use: with a CSRF token, and as far as their rights there go."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, Site

from graphql_api.staff import RIGHTS, staff_of
from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.payouts.models import PayoutItem
from referral_blocks.rewards.models import RewardChange
from referral_blocks.sales.models import Sale
from tests.browser import chromium
from tests.graphql_api.ask import URL, ask, codes, data, post
from tests.graphql_api.many import many
from tests.graphql_api.test_server import LISTS, listing
from tests.make import make_program

pytestmark = pytest.mark.django_db

ENTERED = "{ server { __typename } }"
ENTERS = {"data": {"server": {"__typename": "Server"}}}
APPROVE = "mutation ($id: ID!) { approveReward(input: {id: $id}) { alreadyApproved errors { code } } }"
CREATE_KEY = """mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { text apiKey { name scopes agent } errors { code path } }
}"""


def make_staff(*rights, entry=True, **given):
    user = User.objects.create_user(given.pop("username", "kim"), **given)
    names = [*rights, *(["access_admin"] if entry else [])]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    assert user.user_permissions.count() == len(names)
    return user


@pytest.fixture
def browser():
    """A browser on the site’s own pages, in which Django’s CSRF check is on."""
    return Client(enforce_csrf_checks=True)


def sign_in(client, user):
    """What the admin’s sign-in form leaves behind; returns the headers of its own pages."""
    client.force_login(user)
    client.get(URL, headers={"Accept": "text/html"})  # GraphiQL’s page sets the cookie, as the admin’s do
    return {"X_CSRFToken": client.cookies["csrftoken"].value, "Sec_Fetch_Site": "same-origin"}


def unpaid_reward():
    many(make_program(), 1)
    PayoutItem.objects.all().delete()


def plain(answer):
    return {key: value for key, value in answer.items() if key != "extensions"}


def test_staff_are_let_in_with_the_token_of_a_page_of_this_site(browser):
    headers = sign_in(browser, make_staff())
    assert plain(ask(browser, ENTERED, **headers)) == ENTERS


@pytest.mark.parametrize(
    ("missing", "headers"),
    [
        ("token", {"Sec_Fetch_Site": "same-origin"}),
        ("a right token", {"Sec_Fetch_Site": "same-origin", "X_CSRFToken": "x" * 64}),
        ("the site’s own page", {"Sec_Fetch_Site": "cross-site"}),
        ("the site’s own host", {"Sec_Fetch_Site": "same-site"}),
        ("the site’s own origin", {"Origin": "https://evil.example.com", "Sec_Fetch_Site": ""}),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_the_cookie_alone_is_worth_nothing(browser, missing, headers):
    given = sign_in(browser, make_staff())
    if missing not in ("token", "a right token"):
        headers = {**given, **headers}
    headers = {name: value for name, value in headers.items() if value}
    answer = ask(browser, ENTERED, **headers)
    assert (answer["data"], codes(answer)) == ({"server": None}, ["UNAUTHENTICATED"])


def test_a_get_never_spends_the_cookie(browser):
    headers = sign_in(browser, make_staff())
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = browser.get(URL, {"query": ENTERED}, headers=sent).json()
    assert (answer["data"], codes(answer)) == ({"server": None}, ["UNAUTHENTICATED"])


def test_a_get_counts_nowhere_also_where_cookies_would(rf):
    """Django asks a GET for no token, so that whoever passes cookies on must not be trusted with it."""
    user = make_staff()
    for method, found in (("get", None), ("post", user)):
        request = getattr(rf, method)(URL)
        request.user, request._dont_enforce_csrf_checks = user, True
        request.COOKIES["sessionid"] = "x"
        assert staff_of(request) == found


def test_who_may_not_enter_the_admin_is_nobody_here(browser):
    headers = sign_in(browser, make_staff("view_sale", entry=False))
    assert codes(ask(browser, ENTERED, **headers)) == ["UNAUTHENTICATED"]


def test_a_session_that_has_ended_is_nobodys(browser):
    user = make_staff("view_sale")
    headers = sign_in(browser, user)
    User.objects.update(is_active=False)
    assert codes(ask(browser, ENTERED, **headers)) == ["UNAUTHENTICATED"]


def test_with_a_bearer_token_only_that_counts(browser):
    program = make_program()
    headers = sign_in(browser, make_staff(is_superuser=True))
    key = create_api_key(site_id=program.site_id, name="Books", scopes=[Scope.SALES_READ])[1]
    assert codes(ask(browser, "{ server { payouts { totalCount } } }", bearer=key, **headers)) == ["FORBIDDEN"]
    assert codes(ask(browser, ENTERED, bearer="rb_wrong", **headers)) == ["UNAUTHENTICATED"]


def test_every_scope_is_worth_rights_that_exist():
    assert set(RIGHTS) == set(Scope)
    needed = {right for rights in RIGHTS.values() for right in rights}
    known = Permission.objects.filter(content_type__app_label="referral_blocks", codename__in=needed)
    assert set(known.values_list("codename", flat=True)) == needed


NEEDED = {"saleImports": ("add_saleimport",)}  # the rest need what their scope is worth


@pytest.mark.parametrize(("field", "node", "scope"), LISTS, ids=[field for field, _node, _scope in LISTS])
def test_a_list_is_told_to_whoever_may_see_it_in_the_admin(browser, field, node, scope):
    many(make_program(), 1)
    rights = NEEDED.get(field, RIGHTS[Scope(scope)])
    user = make_staff(*rights)
    headers = sign_in(browser, user)
    ApiKey.objects.create(site=Site.objects.get(), name="Till", key_hash="U2FsZTox")
    found = data(browser, listing(field, "id"), **headers)["server"][field]
    assert (found["totalCount"], len(found["edges"])) == (1, 1)
    user.user_permissions.remove(*Permission.objects.filter(codename=rights[0]))
    answer = ask(browser, listing(field, "id"), **headers)
    assert (answer["data"], codes(answer)) == ({"server": {field: None}}, ["FORBIDDEN"])


def test_staff_see_the_records_of_the_site_that_they_ask(browser):
    many(make_program(), 1)
    Site.objects.create(hostname="other.example.com", root_page=Page.objects.get(depth=1))
    headers = sign_in(browser, make_staff(is_superuser=True))
    # The browser keeps cookies a host; this one sends them everywhere.
    answer = ask(browser, "{ server { sales { totalCount } } }", **headers, Host="other.example.com")
    assert answer["data"] == {"server": {"sales": {"totalCount": 0}}}


def test_an_approval_names_who_gave_it(browser):
    unpaid_reward()
    user = make_staff("approve_reward", "view_reward")
    headers = sign_in(browser, user)
    node = data(browser, listing("rewards", "id"), **headers)["server"]["rewards"]["edges"][0]["node"]
    answer = data(browser, APPROVE, node, **headers)
    assert answer == {"approveReward": {"alreadyApproved": False, "errors": []}}
    steps = RewardChange.objects.exclude(actor=None).values_list("actor", "agent")
    assert set(steps) == {(user.pk, "")}


@pytest.mark.parametrize(
    ("mutation", "right"),
    [
        ('approveReward(input: {id: "U2FsZTox"})', "approve_reward"),
        ('voidReward(input: {id: "U2FsZTox", note: "Wrong"})', "approve_reward"),
        ('reviewReferral(input: {id: "U2FsZTox", verdict: APPROVE, note: "Fine"})', "review_referral"),
        ('confirmPayoutRun(input: {id: "U2FsZTox", seenMinor: 1})', "confirm_payout"),
        ('cancelPayoutRun(input: {id: "U2FsZTox", note: "Wrong"})', "confirm_payout"),
        ('planPayoutRun(input: {program: "neighbours", provider: "manual"})', "confirm_payout"),
        ('markHandedOver(input: {id: "U2FsZTox"})', "mark_handed_over"),
        ('resumePayout(input: {id: "U2FsZTox", note: "Seen"})', "resolve_payout"),
        ('releaseHold(input: {id: "U2FsZTox", note: "Seen"})', "release_hold"),
        ('excludeFromRun(input: {id: "U2FsZTox", note: "Seen"})', "confirm_payout"),
        ('resolvePayout(input: {id: "U2FsZTox", outcome: PAID, note: "Seen"})', "resolve_payout"),
        ('importSales(input: {program: "neighbours", name: "May", content: "x"})', "add_saleimport"),
        ('revokeApiKey(input: {id: "U2FsZTox"})', "change_apikey"),
        ('rotateApiKey(input: {id: "U2FsZTox"})', "add_apikey"),
        ('createApiKey(input: {name: "Till", scopes: [SALES_READ]})', "add_apikey"),
        (
            'recordSale(input: {program: "neighbours", externalId: "1", friendEmail: "a@example.com", amount: "1", '
            'currency: "GBP"})',
            "add_sale",
        ),
        (
            'reverseSale(input: {program: "neighbours", externalId: "1", reversalId: "1", kind: REFUND})',
            "add_salereversal",
        ),
        (
            'attributeReferral(input: {program: "neighbours", referrer: "U2FsZTox", email: "a@b.test", reason: "x"})',
            "review_referral",
        ),
    ],
)
def test_a_mutation_asks_for_the_right_that_its_page_in_the_admin_asks_for(browser, mutation, right):
    make_program()
    name = mutation.partition("(")[0]
    query = (
        f"mutation {{ {mutation.replace(chr(34) + 'x' + chr(34), chr(34) + 'U2FsZTox' + chr(34))} {{ __typename }} }}"
    )
    every = {right for rights in RIGHTS.values() for right in rights} | {
        "add_salereversal", "add_saleimport", "add_apikey", "change_apikey", "resolve_payout", "release_hold",
    }  # fmt: skip
    headers = sign_in(browser, make_staff(*(every - {right})))
    answer = ask(browser, query, **headers)
    assert (answer["data"], codes(answer)) == ({name: None}, ["FORBIDDEN"])
    assert not ApiKey.objects.exists()
    browser.logout()
    headers = sign_in(browser, make_staff(right, username="lee"))
    assert data(browser, query, **headers)[name]["__typename"].lower() == f"{name}payload".lower()
    assert not Sale.objects.exists()


@pytest.mark.parametrize("scope", ["REWARDS_WRITE", "SALES_WRITE", "REFERRALS_READ", "KEYS_WRITE"])
def test_nobody_hands_a_system_what_they_may_not_do_themselves(browser, scope):
    make_program()
    headers = sign_in(browser, make_staff("add_apikey"))
    given = {"name": "Till", "scopes": [scope]}
    answer = data(browser, CREATE_KEY, {"input": given}, **headers)["createApiKey"]
    assert answer == {"text": None, "apiKey": None, "errors": [{"code": "NOT_ALLOWED", "path": ["scopes"]}]}
    assert not ApiKey.objects.exists()


def test_a_key_knows_who_made_it(browser):
    make_program()
    user = make_staff("add_apikey", "view_apikey", "view_sale")
    headers = sign_in(browser, user)
    given = {"name": "Till", "scopes": ["SALES_READ"]}
    answer = data(browser, CREATE_KEY, {"input": given}, **headers)["createApiKey"]
    assert answer["apiKey"] == {"name": "Till", "scopes": ["SALES_READ"], "agent": ""}
    assert ApiKey.objects.get().created_by == user


def test_an_idempotency_key_replays_to_the_same_member_of_staff_only(browser):
    unpaid_reward()
    rights = ("approve_reward", "view_reward")
    headers = sign_in(browser, make_staff(*rights))
    node = data(browser, listing("rewards", "id"), **headers)["server"]["rewards"]["edges"][0]["node"]
    body = {"query": APPROVE, "variables": node}
    replies = [post(browser, body, **headers, Idempotency_Key="one") for _try in range(2)]
    assert [reply.get("Idempotent-Replayed") for reply in replies] == [None, "true"]
    assert [reply.json()["data"]["approveReward"]["alreadyApproved"] for reply in replies] == [False, False]
    browser.logout()
    headers = sign_in(browser, make_staff(*rights, username="lee"))
    reply = post(browser, body, **headers, Idempotency_Key="one")
    assert "Idempotent-Replayed" not in reply
    assert reply.json()["data"]["approveReward"]["alreadyApproved"] is True


def test_staff_have_an_allowance_of_their_own(browser, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_RATE_KEY": "7777/minute", "RATE_LIMITS_ENABLED": True}
    headers = sign_in(browser, make_staff())
    assert "q=7777" in post(browser, {"query": ENTERED}, **headers)["RateLimit-Policy"]
    assert "q=7777" not in post(browser, {"query": ENTERED}, Sec_Fetch_Site="same-origin")["RateLimit-Policy"]


def test_pages_of_origins_that_a_site_allows_cannot_send_the_token(browser, settings):
    origin = "https://app.example.com"
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_CORS_ORIGINS": {"*": (origin,)}}
    headers = sign_in(browser, make_staff("view_sale"))
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrftoken"}
    preflight = browser.options(URL, headers=asked)
    assert "csrf" not in preflight["Access-Control-Allow-Headers"].lower()
    reply = post(browser, {"query": ENTERED}, **{**headers, "Sec_Fetch_Site": "cross-site", "Origin": origin})
    assert codes(reply.json()) == ["UNAUTHENTICATED"]
    assert not any("Access-Control-Allow-Credentials" in found.headers for found in (reply, preflight))


def test_a_visitor_who_is_not_signed_in_costs_no_query_for_it(browser):
    with CaptureQueriesContext(connection) as queries:
        ask(browser, "{ __typename }", Sec_Fetch_Site="same-origin")
    assert len(queries) == 0


@pytest.mark.django_db(transaction=True)
def test_graphiql_shows_staff_the_records_of_the_site(live_server):
    many(make_program(), 1)
    client = Client()
    client.force_login(make_staff("view_sale"))
    with chromium() as browser:
        tab = browser.new_page()
        tab.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
        )
        tab.goto(live_server.url + URL)
        tab.locator(".graphiql-query-editor .CodeMirror").wait_for()
        tab.evaluate(
            "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue("
            "'{ server { sales(first: 1) { edges { node { externalId } } } } }')"
        )
        tab.locator(".graphiql-execute-button").click()
        tab.locator(".result-window").get_by_text('"M-').wait_for(timeout=10_000)
