import json

import pytest
from django.core.exceptions import ImproperlyConfigured

from graphql_api import persisted
from graphql_api.persisted import sha256, trusted_documents
from tests.graphql_api.ask import URL, post

TYPENAME = "query Type { __typename }"
JOIN = 'mutation Join { joinProgram(input: {program: "x", email: "a@example.com"}) { errors { code } } }'


def apq(query=TYPENAME, *, send=False):
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(query)}}}
    return {**body, "query": query} if send else body


def code(response):
    return response.json()["errors"][0]["extensions"]["code"]


@pytest.fixture(params=["file", "folder"])
def trusted(request, settings, tmp_path):
    trusted_documents.cache_clear()
    if request.param == "file":
        path = tmp_path / "documents.json"
        path.write_text(json.dumps({"Type": TYPENAME}))
    else:
        path = tmp_path
        (path / "Type.graphql").write_text(TYPENAME)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_TRUSTED_DOCUMENTS": str(path)}
    yield settings
    trusted_documents.cache_clear()


@pytest.fixture
def only(trusted):
    trusted.REFERRAL_BLOCKS = {**trusted.REFERRAL_BLOCKS, "API_TRUSTED_ONLY": True}


def test_a_document_is_registered_once_and_then_asked_for_by_its_hash(client):
    unknown = post(client, apq())
    assert (unknown.status_code, unknown.json()["errors"][0]["message"], code(unknown)) == (
        200,
        "PersistedQueryNotFound",
        "PERSISTED_QUERY_NOT_FOUND",
    )
    assert post(client, apq(send=True)).json()["data"] == {"__typename": "Query"}
    assert post(client, apq()).json()["data"] == {"__typename": "Query"}
    by_get = client.get(URL, {"extensions": json.dumps(apq()["extensions"])})
    assert by_get.json()["data"] == {"__typename": "Query"}


def test_while_the_cache_is_away_clients_send_the_text_and_are_answered(client, monkeypatch, caplog):
    def away(*_given):
        raise ConnectionError("redis://:secret@cache")

    monkeypatch.setattr(persisted.shared, "get", away, raising=False)
    monkeypatch.setattr(persisted.shared, "set", away, raising=False)
    unknown = post(client, apq())
    assert (unknown.status_code, code(unknown)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert post(client, apq(send=True)).json()["data"] == {"__typename": "Query"}
    assert [record.getMessage() for record in caplog.records] == [
        "Documents cannot be looked up now: ConnectionError",
        "A document cannot be kept now: ConnectionError",
    ]


def test_the_newer_media_type_says_400(client):
    assert post(client, apq(), Accept="application/graphql-response+json").status_code == 400


@pytest.mark.parametrize(
    "query", ["{ nothing }", "{", "{" + "__typename " * 501 + "}", "{ __typename }" + " " * 20_000]
)
def test_what_is_not_valid_or_too_long_is_never_registered(client, query):
    post(client, apq(query, send=True))
    assert code(post(client, apq(query))) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_hash_that_does_not_fit_is_a_400_and_registers_nothing(client):
    response = post(client, {**apq(), "query": "{ __typename }"})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert code(post(client, apq())) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        "x",
        {"persistedQuery": []},
        {"persistedQuery": {"sha256Hash": 5}},
        {"persistedQuery": {"sha256Hash": "x" * 201}},
    ],
)
def test_what_is_no_hash_is_a_400(client, extensions):
    assert post(client, {"extensions": extensions}).status_code == 400


def test_registering_can_be_off(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_AUTOMATIC_PERSISTED_QUERIES": False}
    assert post(client, apq(send=True)).status_code == 200
    assert code(post(client, apq())) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_registered_mutation_is_still_none_for_get(client, db):
    assert post(client, apq(JOIN, send=True)).status_code == 200
    response = client.get(URL, {"extensions": json.dumps(apq(JOIN)["extensions"])})
    assert response.status_code == 405


@pytest.mark.parametrize("name", ["Type", sha256(TYPENAME), f"sha256:{sha256(TYPENAME)}"])
def test_a_trusted_document_is_asked_for_by_id_or_hash(client, trusted, name):
    assert post(client, {"documentId": name}).json()["data"] == {"__typename": "Query"}
    assert client.get(URL, {"documentId": name}).json()["data"] == {"__typename": "Query"}
    assert post(client, {"query": "{ __typename }"}).status_code == 200


@pytest.mark.usefixtures("only")
@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ __typename }"},
        {"query": TYPENAME + " "},
        {"documentId": "Other"},
        apq("{ __typename }"),
        apq("{ __typename }", send=True),
        {"query": JOIN},
        {"documentId": "Type", "query": JOIN},
    ],
)
def test_nothing_else_runs_when_only_trusted_documents_do(client, body):
    for _twice in range(2):
        response = post(client, body)
        assert (response.status_code, code(response)) in [(403, "UNTRUSTED_DOCUMENT"), (400, "BAD_REQUEST")]
        assert "data" not in response.json()


@pytest.mark.usefixtures("only")
@pytest.mark.parametrize("body", [{"documentId": "Type"}, {"query": TYPENAME}, apq(), apq(send=True)])
def test_trusted_documents_run_when_only_they_do(client, body):
    assert post(client, body).json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 5}'])
def test_documents_that_cannot_be_read_are_said_to_be_so(tmp_path, text):
    path = tmp_path / "documents.json"
    path.write_text(text)
    with pytest.raises(ImproperlyConfigured):
        trusted_documents(str(path))
