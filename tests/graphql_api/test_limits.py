import time

import pytest
from graphql import get_introspection_query
from strawberry.extensions.parser_cache import _get_parse_cache
from strawberry.extensions.validation_cache import _get_validate_cache

from graphql_api import guard, limits
from tests.graphql_api.ask import ask, codes, data


def nested_fragments(depth):
    """Each fragment spreads the next one twice: a naive count takes 2^depth steps."""
    parts = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(depth)]
    return "{ ...F0 }" + "".join(parts) + f"fragment F{depth} on Query {{ __typename }}"


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        (nested_fragments(60), "500 fields"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}", "15 aliases"),
        ("{ ...F } fragment F on Query {" + " ".join(f"a{n}: __typename" for n in range(16)) + "}", "15 aliases"),
        ("{" + "__typename " * 501 + "}", "500 fields"),
        (" ".join(f"query Q{n} {{ __typename }}" for n in range(6)), "5 operations"),
    ],
)
def test_a_document_that_asks_for_too_much_is_refused_at_once_by_the_name_of_the_limit(client, document, limit):
    started = time.process_time()
    answer = ask(client, document)
    assert ("data" in answer, codes(answer)) == (False, ["TOO_COMPLEX"])
    assert f"more than {limit}" in answer["errors"][0]["message"]
    assert time.process_time() - started < 1


@pytest.mark.parametrize("document", ["{" + "__typename " * 2_000 + "}", "{ a" * 400, "{ a" * 400 + "}" * 400])
def test_a_document_that_is_too_long_or_too_deep_stops_the_parser(client, document):
    answer = ask(client, document)
    assert "data" not in answer
    assert set(codes(answer)) <= {"BAD_REQUEST", "TOO_COMPLEX"}


def test_fragments_that_spread_each_other_are_refused(client):
    answer = ask(client, "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert ("data" in answer, codes(answer)) == (False, ["BAD_REQUEST"])


def sizes():
    """Of everything that is kept of documents from one request to the next."""
    kept = (_get_parse_cache(128), _get_validate_cache(128), limits._measured, guard._known)
    return [cache.cache_info().currsize for cache in kept]


@pytest.mark.parametrize(
    ("document", "size"),
    [("{ __typename } # %s", 40_000), ("{ __typename } # é – €%s", 17_000), ("{ nobody } # %s", 40_000)],
)
def test_what_is_long_by_its_comments_is_answered_and_not_kept(client, document, size):
    for cache in (_get_parse_cache(128), _get_validate_cache(128), limits._measured, guard._known):
        cache.cache_clear()
    short, long = document % "x", document % ("x" * size)
    assert ask(client, long) == ask(client, long)
    assert sizes() == [0, 0, 0, 0]
    answer = ask(client, short)
    assert sizes() == [1, 1, 1, 1 if "data" in answer else 0]
    assert answer == ask(client, long)


def test_a_long_document_is_refused_as_a_short_one(client):
    for document in ("{ __typename ", "{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}"):
        assert codes(ask(client, document + "#" + "x" * 40_000)) == codes(ask(client, document))


def test_fifteen_aliases_are_fine(client):
    document = "{" + " ".join(f"a{n}: __typename" for n in range(15)) + "}"
    assert data(client, document) == {f"a{n}": "Query" for n in range(15)}


def test_tools_may_read_the_whole_schema(client):
    assert data(client, get_introspection_query(specified_by_url=True))["__schema"]["queryType"]["name"] == "Query"
