from datetime import timedelta

import pytest
from django.utils import timezone
from strawberry import relay
from wagtail.models import Page, Site

from graphql_api.access.server import ApiKeyScope
from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import check_api_key, create_api_key
from tests.graphql_api.ask import ask, codes, data

pytestmark = pytest.mark.django_db

CREATE = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  apiKey { id name prefix scopes isLive agent } text errors { code path } } }"""
ROTATE = """mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) {
  apiKey { id scopes } oldApiKey { id isLive isReplaced expiresAt } text errors { code path } } }"""
REVOKE = """mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) {
  apiKey { id isLive revokedAt } errors { code path } } }"""
LIST = "{ server { apiKeys { edges { node { id name scopes } } } } }"


@pytest.fixture
def maker():
    return make("Deploys", [Scope.KEYS_WRITE, Scope.SALES_READ])


def make(name, scopes, site=None):
    return create_api_key(site_id=(site or Site.objects.get(is_default_site=True)).pk, name=name, scopes=scopes)


def global_id(client, key, name):
    nodes = [edge["node"] for edge in data(client, LIST, bearer=key)["server"]["apiKeys"]["edges"]]
    return next(node["id"] for node in nodes if node["name"] == name)


def test_a_key_makes_one_that_may_no_more_than_itself_and_shows_it_once(client, maker):
    key, text = maker
    given = {"name": "Books", "scopes": ["SALES_READ"]}
    made = data(client, CREATE, {"input": given}, bearer=text)["createApiKey"]
    new = check_api_key(text=made["text"])
    assert made["errors"] == []
    assert made["apiKey"] == {
        "id": made["apiKey"]["id"],
        "name": "Books",
        "prefix": made["text"][:8],
        "scopes": ["SALES_READ"],
        "isLive": True,
        "agent": f"Deploys ({key.prefix}…)",
    }
    assert (new.site_id, new.scopes) == (key.site_id, ["sales:read"])
    assert made["text"] not in str(
        data(client, "{ server { apiKeys { edges { node { prefix name } } } } }", bearer=text)
    )


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"scopes": ["SALES_READ", "PAYOUTS_WRITE"]}, {"code": "NOT_ALLOWED", "path": ["scopes"]}),
        ({"name": ""}, {"code": "REQUIRED", "path": ["name"]}),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, {"code": "OUT_OF_RANGE", "path": ["expiresAt"]}),
    ],
)
def test_a_refusal_makes_no_key(client, maker, given, error):
    given = {"name": "Books", "scopes": ["SALES_READ"], **given}
    made = data(client, CREATE, {"input": given}, bearer=maker[1])["createApiKey"]
    assert made == {"apiKey": None, "text": None, "errors": [error]}
    assert ApiKey.objects.count() == 1


def test_a_rotated_key_works_on_for_its_hours_and_is_rotated_once(client, maker):
    _old, old_text = make("Till", [Scope.SALES_READ])
    given = {"id": global_id(client, maker[1], "Till"), "graceHours": 2}
    done = data(client, ROTATE, {"input": given}, bearer=maker[1])["rotateApiKey"]
    assert (done["apiKey"]["scopes"], done["errors"]) == (["SALES_READ"], [])
    assert (done["oldApiKey"]["isLive"], done["oldApiKey"]["isReplaced"]) == (True, True)
    assert check_api_key(text=done["text"]).name == "Till"
    assert check_api_key(text=old_text).expires_at <= timezone.now() + timedelta(hours=2)
    again = data(client, ROTATE, {"input": given}, bearer=maker[1])["rotateApiKey"]
    assert (again["apiKey"], again["text"], again["errors"]) == (None, None, [{"code": "WRONG_STATE", "path": []}])
    assert ApiKey.objects.count() == 3


def test_a_revoked_key_is_refused_and_revoked_once(client, maker):
    _key, text = make("Till", [Scope.SALES_READ])
    given = {"id": global_id(client, maker[1], "Till")}
    first = data(client, REVOKE, {"input": given}, bearer=maker[1])["revokeApiKey"]
    assert (first["apiKey"]["isLive"], first["errors"]) == (False, [])
    assert check_api_key(text=text) is None
    assert data(client, REVOKE, {"input": given}, bearer=maker[1])["revokeApiKey"] == first


@pytest.mark.parametrize(("query", "name"), [(ROTATE, "rotateApiKey"), (REVOKE, "revokeApiKey")])
def test_no_key_touches_one_that_may_more_or_one_of_another_site(client, maker, query, name):
    _big, big = make("Big", [Scope.PAYOUTS_WRITE])
    other = Site.objects.create(hostname="other.example.com", root_page=Page.objects.filter(depth=1).first())
    _far, far = make("Far", [Scope.SALES_READ], other)
    big_id = global_id(client, maker[1], "Big")
    refused = data(client, query, {"input": {"id": big_id}}, bearer=maker[1])[name]
    assert refused["errors"] == [{"code": "NOT_ALLOWED", "path": ["scopes"]}]
    far_id = relay.to_base64("ApiKey", _far.pk)
    for wrong in (far_id, relay.to_base64("Sale", 1), relay.to_base64("ApiKey", "x")):
        refused = data(client, query, {"input": {"id": wrong}}, bearer=maker[1])[name]
        assert refused["errors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    assert check_api_key(text=big).rotated_to is None
    assert check_api_key(text=far).rotated_to is None
    assert ApiKey.objects.count() == 3


def test_without_the_scope_nothing_is_made(client, maker):
    _key, text = make("Till", [s for s in Scope.values if s != "keys:write"])
    given = {"input": {"name": "Books", "scopes": []}}
    assert codes(ask(client, CREATE, given, bearer=text)) == ["FORBIDDEN"]
    assert codes(ask(client, CREATE, given)) == ["UNAUTHENTICATED"]
    assert ApiKey.objects.count() == 2


def test_the_enum_has_every_scope():
    assert {member.name: member.value for member in ApiKeyScope} == {member.name: member.value for member in Scope}
