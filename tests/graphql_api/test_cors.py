import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from wagtail.models import Site

from graphql_api import cors as cors_of_api
from tests.graphql_api.ask import URL, post, show_cookie
from tests.make import make_link, make_program
from tests.processes import ROOT

pytestmark = pytest.mark.django_db

APP = "https://app.example.com"
TYPENAME = {"query": "{ __typename }"}
WHAT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,authorization"}


def allow(settings, **sites):
    given = {name.replace("anywhere", "*"): origins for name, origins in sites.items()}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_CORS_ORIGINS": given}


def cors(response):
    return {name: value for name, value in response.headers.items() if name.startswith("Access-Control-")}


def test_without_the_setting_no_other_origin_may_read_an_answer(client):
    for response in (post(client, TYPENAME, Origin=APP), client.options(URL, headers={"Origin": APP, **WHAT})):
        assert cors(response) == {}


def test_an_allowed_origin_may_ask_and_read(client, settings):
    allow(settings, localhost=(APP,))
    preflight = client.options(URL, headers={"Origin": APP, **WHAT})
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert cors(preflight) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": (
            "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, "
            "Apollo-Require-Preflight, ApolloGraphQL-Client-Name, ApolloGraphQL-Client-Version, Baggage, "
            "GraphQL-Client-Name, GraphQL-Client-Version, Sentry-Trace, Traceparent, Tracestate, "
            "X-Apollo-Operation-Id, X-Apollo-Operation-Name"
        ),
        "Access-Control-Max-Age": "600",
        "Access-Control-Expose-Headers": "Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After",
    }
    response = post(client, TYPENAME, Origin=APP)
    assert cors(response) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Expose-Headers": "Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After",
    }
    assert "Origin" in response["Vary"]
    assert response.json()["data"] == {"__typename": "Query"}


def test_while_the_database_is_away_an_allowed_page_reads_that_something_is_wrong(settings, monkeypatch):
    """Given no database at all, whatever is asked for, then a page that may read answers reads this one, as JSON."""

    def away(*_given, **_named):
        raise OperationalError("connection to 10.0.0.5 refused")

    allow(settings, localhost=(APP,))
    client = Client(headers={"host": "localhost"})
    monkeypatch.setattr(CursorWrapper, "execute", away)
    monkeypatch.setattr(Site, "find_for_request", away)  # what other tests have asked for is remembered
    asked = [
        (client.options(URL, headers={"Origin": APP, **WHAT}), 204, None),
        (post(client, TYPENAME, Origin=APP), 200, None),
        (post(client, {"query": '{ program(slug: "x") { name } }'}, Origin=APP), 200, "INTERNAL"),
        (post(client, TYPENAME, Origin=APP, Authorization=f"Bearer rb_{'x' * 43}"), 500, "INTERNAL"),
        (post(client, "{", Origin=APP), 400, "BAD_REQUEST"),
        (client.put(URL, headers={"Origin": APP}), 405, "BAD_REQUEST"),
        (client.get(URL + "stream", headers={"Origin": APP}), 501, "BAD_REQUEST"),
    ]
    for response, status, code in asked:
        assert (response.status_code, response["Access-Control-Allow-Origin"]) == (status, APP)
        errors = response.json().get("errors", [{}]) if response.content else [{}]
        assert (errors[0].get("extensions", {}).get("code"), "10.0.0.5" in response.text) == (code, False)
    assert "Access-Control-Allow-Origin" not in post(client, TYPENAME, Origin="https://evil.example")


@pytest.mark.parametrize(
    "origin", ["https://app.example.com.evil.example", "http://app.example.com", "https://APP.example.com", "null", ""]
)
def test_no_other_origin_may(client, settings, origin):
    allow(settings, localhost=(APP,))
    response = post(client, TYPENAME, Origin=origin)
    assert cors(response) == {}
    assert "Origin" in response["Vary"]
    assert cors(client.options(URL, headers={"Origin": origin, **WHAT})) == {}


def test_each_site_has_its_own_and_a_star_is_every_site(client, settings):
    allow(settings, **{"other.example": (APP,)})
    assert cors(post(client, TYPENAME, Origin=APP)) == {}
    allow(settings, anywhere=(APP,))
    assert cors(post(client, TYPENAME, Origin=APP))["Access-Control-Allow-Origin"] == APP


def test_all_origins_may_be_allowed_but_never_with_cookies(client, settings):
    allow(settings, localhost=("*",))
    link = make_link(make_program())
    show_cookie(client, link.referrer, verified=True)
    viewer = {"query": "{ viewer { firstName } }"}
    for headers in ({"Origin": APP}, {"Origin": APP, "Sec_Fetch_Site": "cross-site"}):
        response = post(client, viewer, **headers)
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert response.json()["data"] == {"viewer": None}
    assert post(client, viewer, Sec_Fetch_Site="same-origin").json()["data"] == {"viewer": {"firstName": "Robin"}}


def test_refusals_can_be_read_too(client, settings):
    allow(settings, localhost=(APP,))
    assert cors(post(client, "null", Origin=APP))["Access-Control-Allow-Origin"] == APP


def test_what_clients_add_by_themselves_is_read_by_nothing():
    files = [*(ROOT / "graphql_api").rglob("*.py"), *(ROOT / "referral_blocks").rglob("*.py")]
    files.remove(ROOT / "graphql_api" / "cors.py")
    sources = "\n".join(file.read_text("utf-8") for file in files).lower().replace("_", "-")
    assert [name for name in cors_of_api.NOT_READ if f'"{name.lower()}"' in sources] == []
    assert '"idempotency-key"' in sources  # which is read
