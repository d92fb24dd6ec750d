import pytest

from referral_blocks.access.services import create_api_key
from referral_blocks.core import ratelimit
from referral_blocks.emails.link_requests import LinkRequest
from tests.graphql_api.ask import JSON, URL, bearer_of, post
from tests.make import make_link, make_program
from tests.processes import running_redis

pytestmark = pytest.mark.django_db

SCHEMA = {"query": "{ __schema { queryType { name } } }"}  # costs 500
TYPENAME = {"query": "{ __typename }"}


@pytest.fixture(autouse=True)
def limited(settings):
    settings.REFERRAL_BLOCKS = {
        **settings.REFERRAL_BLOCKS,
        "RATE_LIMITS_ENABLED": True,
        "API_RATE_ANONYMOUS": "1200/hour",
        "API_RATE_REFERRER": "2000/hour",
        "API_RATE_KEY": "3000/hour",
    }
    return settings


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


def left(response):
    policy, _rest = response["RateLimit"].split(";t=")
    return policy


def test_every_answer_says_what_is_left(client):
    first, second = post(client, TYPENAME), post(client, SCHEMA)
    assert first["RateLimit-Policy"] == '"cost";q=1200;w=3600'
    assert (left(first), left(second)) == ('"cost";r=1199', '"cost";r=699')
    assert 0 < int(first["RateLimit"].rpartition("=")[2]) <= 3600
    assert "Retry-After" not in first.headers


def test_who_has_spent_it_all_gets_a_429_and_nothing_runs(client):
    make_link(make_program())
    mutation = 'mutation { requestLoginLink(input: {program: "neighbours", email: "referrer@example.com"}) { ok } }'
    assert [post(client, SCHEMA).status_code for _ in range(3)] == [200, 200, 429]
    assert [post(client, {"query": mutation}).status_code for _ in range(4)] == [200, 200, 200, 429]  # 52 each, of 198
    response = post(client, {"query": mutation})
    assert (response.status_code, LinkRequest.objects.count()) == (429, 3)
    assert response.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}
    assert 0 < int(response["Retry-After"]) <= 3600
    assert response["RateLimit"].startswith('"cost";r=')


def test_documents_that_are_not_valid_count_too(client):
    post(client, {"query": "{ nothing }"})
    assert left(post(client, "null")) == '"cost";r=1198'


def test_callers_have_allowances_of_their_own(client):
    link = make_link(make_program())
    other_link = make_link(link.referrer.program, email="other@example.com")
    app, again, other = bearer_of(link.referrer), bearer_of(link.referrer), bearer_of(other_link.referrer)
    key = create_api_key(site_id=link.referrer.program.site_id, name="Till")[1]
    post(client, SCHEMA)
    assert left(post(client, TYPENAME, **bearer(app))) == '"cost";r=1999'
    assert left(post(client, TYPENAME, **bearer(again))) == '"cost";r=1998'  # nobody has more by signing in again
    assert left(post(client, TYPENAME, **bearer(other))) == '"cost";r=1999'
    assert left(post(client, TYPENAME, **bearer(key))) == '"cost";r=2999'
    assert left(post(client, TYPENAME)) == '"cost";r=699'


@pytest.mark.parametrize("made_up", ["rb_made-up", "made-up", "rb_" + "x" * 5_000])
def test_a_made_up_bearer_counts_for_its_address(client, made_up):
    post(client, SCHEMA)
    assert left(post(client, TYPENAME, **bearer(made_up))) == '"cost";r=699'


def test_two_processes_count_together_in_redis(client, limited):
    with running_redis() as url:
        limited.REFERRAL_BLOCKS = {**limited.REFERRAL_BLOCKS, "RATE_LIMIT_STORAGE": url}
        assert [post(client, SCHEMA).status_code for _ in range(3)] == [200, 200, 429]
        ratelimit._limiter.cache_clear()  # as another process would see it
        assert post(client, SCHEMA).status_code == 429


def test_without_limits_there_are_no_headers(client, limited):
    limited.REFERRAL_BLOCKS = {**limited.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": False}
    response = client.post(URL, TYPENAME, content_type=JSON)
    assert ("RateLimit" in response.headers, "RateLimit-Policy" in response.headers) == (False, False)
