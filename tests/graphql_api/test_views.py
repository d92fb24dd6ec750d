import json
import logging
import re
from io import BytesIO

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import OperationalError

from graphql_api.errors import ErrorCode, refusal
from graphql_api.views import GraphQLView
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.core.errors import InvalidInput
from tests.graphql_api.ask import URL, ask, codes, post
from tests.make import make_program

GRAPHQL_JSON = "application/graphql-response+json"
TYPENAME = {"query": "{ __typename }"}
ANSWER = {"data": {"__typename": "Query"}, "extensions": {"cost": {"requested": 1, "maximum": 20_000}}}
JOIN = 'mutation { joinProgram(input: {program: "x", email: "a@example.com"}) { errors { code } } }'


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"null",
        b'"x"',
        b"5",
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b"{",
        b"\xff\xfe",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": "  "}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": {"x": NaN}}',
        b'{"query": "{ __typename }", "operationName": 5}',
        b'{"query": "{ __typename }", "operationName": "Other"}',
        b'{"query": "fragment F on Query { __typename }"}',
        b'{"query": "query A { __typename } query B { __typename }"}',
        b'{"query": "{ __typename }", "variables": {"x": ' + b"9" * 5_000 + b"}}",
        b"[" * 50_000,
    ],
)
def test_a_body_that_is_no_operation_is_a_clear_400(client, body):
    response = post(client, body)
    assert (response.status_code, response["Content-Type"]) == (400, "application/json")
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert error["message"]


def test_a_body_beyond_the_limit_is_a_413(client):
    response = post(client, {"query": "{ __typename }" + " " * 100_000})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


@pytest.mark.parametrize("value", ["9" * 5_000, "-" + "9" * 5_000])
def test_a_number_that_python_does_not_read_is_the_callers_mistake(client, caplog, value):
    answer = ask(client, f'{{ leaderboard(program: "x", first: {value}) {{ __typename }} }}')
    assert (codes(answer), "data" in answer) == (["BAD_REQUEST"], False)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(("spaces", "status"), [(99_000, 200), (100_000, 413)])
def test_a_body_that_announces_no_length_is_measured(spaces, status):
    body = json.dumps(TYPENAME).encode() + b" " * spaces
    scope = {"type": "http", "method": "POST", "path": URL, "query_string": b"", "server": ("testserver", 80)}
    scope["headers"] = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    assert GraphQLView.as_view()(ASGIRequest(scope, BytesIO(body))).status_code == status


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_foreign_form_can_send_is_a_415(client, content_type):
    assert post(client, b'{"query": "{ __typename }"}', content_type=content_type).status_code == 415


def test_a_charset_in_the_content_type_is_fine(client):
    response = post(client, TYPENAME, content_type="application/json; charset=utf-8")
    assert response.json() == ANSWER


def test_a_query_may_come_by_get(client):
    query = "query Q($s: String!) { __typename @skip(if: false) program(slug: $s) { name } }"
    given = {"query": query, "variables": '{"s": ""}', "operationName": "Q"}
    assert client.get(URL, {"query": "{ __typename }"}).json() == ANSWER
    assert client.get(URL, {**given, "variables": "{"}).status_code == 400


@pytest.mark.django_db
def test_what_a_redirect_has_left_of_a_post_is_told_what_happened(client):
    response = client.get(URL, headers={"Accept": "*/*"})
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (400, {"code": "BAD_REQUEST"})
    assert f"send it to {URL} as it is" in error["message"]


@pytest.mark.django_db
def test_an_id_that_is_none_is_called_so_in_plain_words(client):
    key = create_api_key(site_id=make_program().site_id, name="Books", scopes=[Scope.REWARDS_WRITE])[1]
    answer = ask(client, 'mutation { approveReward(input: {id: "garbage"}) { errors { code } } }', bearer=key)
    assert (answer["data"], codes(answer)) == ({"approveReward": None}, ["BAD_USER_INPUT"])
    assert answer["errors"][0]["path"] == ["approveReward"]
    assert answer["errors"][0]["message"] == "One of the ids is none that this API gave: send ids back as they came."


def test_a_mutation_by_get_is_refused(client):
    response = client.get(URL, {"query": JOIN})
    assert (response.status_code, response["Allow"]) == (405, "GET, POST")
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client, method):
    response = getattr(client, method)(URL)
    assert (response.status_code, response["Allow"]) == (405, "GET, POST")


def test_the_newer_media_type_is_answered_when_asked_for(client):
    plain, newer = post(client, TYPENAME), post(client, TYPENAME, Accept=f"{GRAPHQL_JSON}, application/json;q=0.9")
    assert (plain["Content-Type"], newer["Content-Type"]) == ("application/json", GRAPHQL_JSON)
    assert plain.json() == newer.json() == ANSWER


def test_an_invalid_document_is_a_400_only_in_the_newer_media_type(client):
    invalid = {"query": "{ nothing }"}
    assert post(client, invalid).status_code == 200
    newer = post(client, invalid, Accept=GRAPHQL_JSON)
    assert (newer.status_code, codes(newer.json())) == (400, ["BAD_REQUEST"])
    assert post(client, "null", Accept=GRAPHQL_JSON)["Content-Type"] == GRAPHQL_JSON


def test_answers_are_kept_by_no_cache(client):
    assert "no-store" in post(client, TYPENAME)["Cache-Control"]


def test_no_csrf_token_is_needed():
    from django.test import Client

    assert ask(Client(enforce_csrf_checks=True), "{ __typename }") == ANSWER


@pytest.mark.django_db
def test_what_nobody_foresaw_is_masked_and_logged_under_a_reference(client, monkeypatch, caplog):
    def broken(**given):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("graphql_api.referrers.mutations.join_program", broken)
    make_program()
    document = JOIN.replace('"x"', '"neighbours"').replace("a@example.com", "private@example.com")
    with caplog.at_level(logging.DEBUG):
        answer = ask(client, document, bearer="rb_very_private_key")
    (error,) = answer["errors"]
    reference = error["extensions"]["reference"]
    assert (error["extensions"]["code"], error["path"]) == ("INTERNAL", ["joinProgram"])
    assert reference in error["message"]
    assert re.fullmatch(r"[0-9a-f-]{36}", reference)
    assert "secret" not in str(answer)
    assert (reference in caplog.text, "the secret of the house" in caplog.text) == (True, True)
    assert "private@example.com" not in caplog.text
    assert "rb_very_private_key" not in caplog.text


@pytest.mark.django_db
def test_a_refusal_is_never_masked_and_not_logged(client, monkeypatch, caplog):
    def refused(**given):
        raise refusal(ErrorCode.FORBIDDEN, "Not you.")

    monkeypatch.setattr("graphql_api.referrers.mutations.join_program", refused)
    make_program()
    with caplog.at_level(logging.DEBUG, logger="graphql_api"):
        answer = ask(client, JOIN.replace('"x"', '"neighbours"'))
    assert [(error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
        ("Not you.", "FORBIDDEN")
    ]
    assert not caplog.records


@pytest.mark.django_db
def test_a_code_that_a_plug_made_up_is_told_as_invalid(client, monkeypatch):
    def refused(**given):
        raise InvalidInput("Bring a hat.", code="no_hat", path=("hat",))

    monkeypatch.setattr("graphql_api.referrers.mutations.join_program", refused)
    make_program()
    document = JOIN.replace('"x"', '"neighbours"').replace("{ code }", "{ code path message }")
    payload = ask(client, document)["data"]["joinProgram"]
    assert payload["errors"] == [{"code": "INVALID", "path": ["hat"], "message": "Bring a hat."}]


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
def test_a_database_that_is_away_while_the_caller_is_looked_at_is_answered_as_json(client, monkeypatch, caplog, accept):
    def away(**_given):
        raise OperationalError("connection to 10.0.0.5 refused")

    monkeypatch.setattr("graphql_api.context.check_api_key", away)
    response = post(client, TYPENAME, Accept=accept, Authorization="Bearer rb_x")
    (error,) = response.json()["errors"]
    assert (response.status_code, response["Content-Type"], set(response.json())) == (500, accept, {"errors"})
    assert (error["extensions"]["code"], "10.0.0.5" in response.text) == ("INTERNAL", False)
    (logged,) = [record for record in caplog.records if record.name == "graphql_api.errors"]
    assert error["extensions"]["reference"] in logged.getMessage()
    assert "10.0.0.5" in logged.exc_text
