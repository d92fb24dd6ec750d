"""Addresses, links, moments and ids have types of their own wherever they stand, and refuse what they are not."""

import re

import pytest
from graphql import (
    GraphQLScalarType,
    build_schema,
    get_named_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_specified_scalar_type,
    print_schema,
)

from graphql_api.schema import schema
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.people.models import Person
from tests.graphql_api.ask import ask, codes, data, post
from tests.graphql_api.many import many
from tests.make import make_program

SDL = build_schema(print_schema(schema._schema))
NAMED = {
    "URL": re.compile(r"[uU]rl$"),
    "EmailAddress": re.compile(r"[eE]mail$"),
    "DateTime": re.compile(r"(At|Until)$"),
    "ID": re.compile(r"^ids?$|Ids?$"),
}
# What is called so and is something else.
OTHERWISE = {"SharePanelBlockChannelTexts.email": "the words of a mail"}


def every():
    """(where, name, the name of its type) of every field, argument and input field."""
    for kind in SDL.type_map.values():
        if kind.name.startswith("__") or not (
            is_object_type(kind) or is_interface_type(kind) or is_input_object_type(kind)
        ):
            continue
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", name, get_named_type(field.type).name
            for argument, given in getattr(field, "args", {}).items():
                yield f"{kind.name}.{name}({argument})", argument, get_named_type(given.type).name


@pytest.mark.parametrize("scalar", NAMED)
def test_what_is_called_so_has_its_type(scalar):
    wrong = {
        where: found
        for where, name, found in every()
        if NAMED[scalar].search(name) and found != scalar and where not in OTHERWISE and found != "Boolean"
    }
    assert wrong == {}


def test_the_exceptions_are_there():
    assert set(OTHERWISE) <= {where for where, _name, _found in every()}


def test_every_scalar_of_ours_says_where_it_is_specified_and_none_holds_anything():
    ours = {
        kind.name: kind.specified_by_url
        for kind in SDL.type_map.values()
        if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind)
    }
    assert ours == {
        "BigInt": "https://datatracker.ietf.org/doc/html/rfc8259#section-6",
        "Date": "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6",
        "DateTime": "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6",
        "EmailAddress": "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address",
        "URL": "https://url.spec.whatwg.org/",
    }


JOIN = "mutation ($input: JoinProgramInput!) { joinProgram(input: $input) { link { code } errors { code path } } }"


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["kim", "kim@", "@example.com", "kim@example", "kim lee@example.com"])
def test_a_mutation_refuses_what_is_no_address_with_its_path(client, email):
    make_program()
    given = {"program": "neighbours", "email": email, "acceptTerms": True}
    answer = data(client, JOIN, {"input": given})["joinProgram"]
    assert answer == {"link": None, "errors": [{"code": "INVALID_EMAIL", "path": ["email"]}]}


@pytest.mark.django_db
@pytest.mark.parametrize("value", [5, True, ["kim@example.com"], {"a": 1}])
def test_what_is_no_text_at_all_is_refused_before_anything_is_run(client, value):
    given = {"program": "neighbours", "email": value}
    answer = post(client, {"query": JOIN, "variables": {"input": given}}).json()
    assert codes(answer) == ["BAD_REQUEST"]
    assert "'$input' has invalid value at .email" in answer["errors"][0]["message"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "name"),
    [("referrers", "email"), ("referrals", "friendEmail"), ("referrals", "referrerEmail"), ("rewards", "personEmail")],
)
def test_a_filter_refuses_what_is_no_address_with_its_path(client, field, name):
    program = make_program()
    many(program, 1)
    key = create_api_key(site_id=program.site_id, name="Books", scopes=Scope.values)[1]
    query = f'{{ server {{ {field}(filter: {{{name}: "%s"}}) {{ totalCount }} }} }}'
    answer = ask(client, query % "kim@", bearer=key)
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "BAD_USER_INPUT", "path": ["filter", name]}]
    known = "F0@Example.com" if name == "friendEmail" else "R0@Example.com"
    assert data(client, query % known, bearer=key)["server"][field]["totalCount"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2026-3-1", "20260301", "2026-02-30", "2026-W09-1", "tomorrow", 5])
def test_a_day_is_written_in_one_way(client, day):
    key = create_api_key(site_id=make_program().site_id, name="Books", scopes=Scope.values)[1]
    query = 'query ($day: Date) { server { statistics(program: "neighbours", firstDay: $day) { costs { total } } } }'
    query = query.replace("costs { total }", "__typename")
    headers = {"Authorization": f"Bearer {key}"}
    assert codes(post(client, {"query": query, "variables": {"day": day}}, **headers).json()) == ["BAD_REQUEST"]
    right = {"query": query, "variables": {"day": "2026-03-01"}}
    assert "errors" not in post(client, right, **headers).json()


@pytest.mark.django_db
def test_an_erased_person_has_no_address(client):
    program = make_program()
    many(program, 1)
    Person.objects.filter(email="f0@example.com").update(email="")
    key = create_api_key(site_id=program.site_id, name="Books", scopes=Scope.values)[1]
    query = "{ server { referrals { edges { node { friend { email name } } } } } }"
    node = data(client, query, bearer=key)["server"]["referrals"]["edges"][0]["node"]
    assert node == {"friend": {"email": None, "name": "Kim"}}
