import time

import pytest
from graphql import build_schema, parse

from graphql_api.cost import LIST, MUTATION, measure
from graphql_api.schema import schema
from tests.graphql_api.ask import ask, bearer_of, codes, data, post
from tests.graphql_api.test_limits import nested_fragments
from tests.make import make_link, make_program

SDL = """
type Query {
  node: Item items(first: Int, last: Int): ItemConnection
  list: [Item!]! top(limit: Int): [Item!]! any: [Block!] few(first: Int! = 7): [Item!]! days(first: String): [Item!]!
  statistics: Statistics nodes(ids: [ID!]!): [Item]!
}
type Mutation { act: Item }
type ItemConnection { totalCount: Int edges: [Edge!]! }
type Edge { node: Item }
type Item { name: String item: Item items(first: Int, last: Int): ItemConnection }
type Other { name: String more: String }
type Statistics { buckets: [Item!]! cohorts: [Item!]! }
union Block = Item | Other
"""
ITEMS = "totalCount edges { node { name } }"


def cost(query, **variables):
    document = parse(query)
    return measure(build_schema(SDL), document, document.definitions[0], variables)[0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ("{ node { name item { name } } }", 4),
        ("{ a: node { name } b: node { name } }", 4),
        ("{ items(first: 10) { " + ITEMS + " } }", 1 + 1 + 1 + 10 * 2),
        ("{ items(last: 10) { " + ITEMS + " } }", 23),
        ("{ items(first: 0) { " + ITEMS + " } }", 3),
        ("{ items { " + ITEMS + " } }", 1 + 1 + 1 + 100 * 2),
        ("{ items(first: 1000000) { " + ITEMS + " } }", 203),
        ("{ items(first: 10) { edges { node { items(first: 5) { edges { node { name } } } } } } }", 122 + 10),
        ("{ items(first: 10) { ...C } } fragment C on ItemConnection { " + ITEMS + " }", 23),
        ("{ list { name } }", 1 + LIST),
        ("{ top(limit: 7) { name } }", 8),
        ("{ few { name } }", 8),
        ("{ few(first: 3) { name } }", 4),
        ('{ days(first: "2026-01-01") { name } }', 1 + LIST),
        ("{ statistics { buckets { name } cohorts { name } } }", 1 + 1 + 100 + 1 + 60),
        ('{ nodes(ids: ["a", "b"]) { name } }', 3),
        ('{ nodes(ids: "a") { name } }', 2),
        ("{ any { ... on Item { name } ... on Other { name more } } }", 1 + LIST * 2),
        ("mutation { act { name } }", 2 + MUTATION),
        ('{ __schema { types { name } } __type(name: "Item") { name } }', 550),
    ],
)
def test_a_field_costs_one_times_the_lists_around_it(query, expected):
    assert cost(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ pages { edges { node { title } } } }", 1 + 1 + 20 * 2),
        ("{ leaderboard { places { rank } } }", 1 + 1 + 10),
        ("{ server { sales { edges { node { reversals { totalCount } } } } } }", 1 + 1 + 1 + 100 * 3),
        ("{ server { payouts(first: 2) { edges { node { steps { reason } } } } } }", 3 + 2 * (1 + 1 + LIST)),
    ],
)
def test_a_list_of_ours_without_a_length_counts_as_long_as_it_then_is(query, expected):
    document = parse(query)
    assert measure(schema._schema, document, document.definitions[0], None)[0] == expected


@pytest.mark.parametrize(
    ("given", "expected"), [({"n": 10}, 23), ({}, 2 * 5 + 3), ({"n": None}, 203), ({"n": -1}, 3), ({"n": "x"}, 203)]
)
def test_variables_count_as_what_they_hold(given, expected):
    assert cost("query ($n: Int = 5) { items(first: $n) { " + ITEMS + " } }", **given) == expected


def test_the_measure_takes_linear_time():
    document = parse(nested_fragments(300))
    started = time.process_time()
    assert measure(schema._schema, document, document.definitions[0], None) == (0, True)
    assert time.process_time() - started < 0.5


@pytest.mark.django_db
def test_an_answer_says_what_it_cost(client):
    link = make_link(make_program())
    query = "query ($n: Int) { viewer { referrals(first: $n) { edges { node { id stage } } } } }"
    for asked, requested in ((1, 6), (50, 153)):
        answer = ask(client, query, {"n": asked}, bearer=bearer_of(link.referrer))
        assert answer["extensions"] == {"cost": {"requested": requested, "maximum": 20_000}}


@pytest.mark.django_db
def test_what_costs_too_much_is_refused_before_anything_is_read(client, settings, django_assert_num_queries):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_MAX_COST": 100}
    query = "{ viewer { referrals { edges { node { id } } } } }"
    with django_assert_num_queries(0):
        answer = ask(client, query)
    assert ("data" in answer, codes(answer)) == (False, ["TOO_COMPLEX"])
    assert answer["extensions"] == {"cost": {"requested": 203, "maximum": 100}}
    newer = post(client, {"query": query}, Accept="application/graphql-response+json")
    assert newer.status_code == 400
    assert data(client, query.replace("referrals {", "referrals(first: 10) {")) == {"viewer": None}


def test_a_document_may_nest_fifteen_levels(client):
    deep = "{" + "viewer { " * 15 + "__typename" + " }" * 15 + "}"
    answer = ask(client, deep)
    assert ("data" in answer, codes(answer)) == (False, ["TOO_COMPLEX"])
    assert "15" in answer["errors"][0]["message"]
    assert codes(ask(client, deep.replace("viewer { viewer", "viewer", 1).replace("} }", "}", 1)))[0] == "BAD_REQUEST"


def test_the_schema_can_be_kept_to_oneself(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_INTROSPECTION": False}
    for query in ("{ __schema { types { name } } }", '{ ...F } fragment F on Query { __type(name: "Query") { name } }'):
        answer = ask(client, query)
        assert ("data" in answer, codes(answer)) == (False, ["INTROSPECTION_DISABLED"])
    assert data(client, "{ __typename }") == {"__typename": "Query"}


def test_a_look_at_the_schema_cannot_go_round_in_circles(client):
    inner = "name"
    for _level in range(6):
        inner = "fields { type { " + inner + " } }"
    assert codes(ask(client, "{ __schema { types { " + inner + " } } }"))[0] == "BAD_REQUEST"
