import time

import pytest
from graphql import build_schema, get_nullable_type, is_list_type, is_object_type, parse

from graphql_api.cost import LIST, MUTATION, measure
from graphql_api.schema import schema
from referral_blocks.access.services import create_api_key
from referral_blocks.links.models import ReferralLink
from tests.graphql_api.ask import ask, bearer_of, codes, data, post
from tests.graphql_api.test_limits import nested_fragments
from tests.make import make_link, make_program

# Lists that are no pages: each is as short as what it stands for, and why.
SHORT = {
    "ActivityUpdate.activities": "at most first",
    "ApiKey.scopes": "the scopes there are",
    "Cohort.costs": "currencies",
    "Cohort.months": "months since",
    "Funnel.costs": "currencies",
    "Funnel.costsPerCustomer": "currencies",
    "Leaderboard.places": "at most first",
    "OpenValue.amounts": "currencies",
    "PayoutAccount.missing": "details that a provider may lack",
    "PayoutRecord.steps": "its states, with at most eight tries",
    "PayoutRun.steps": "its states",
    "Points.offers": "at most MAX_PAGE",
    "Query.nodes": "at most MAX_PAGE",
    "RecordSalePayload.rewards": "the rules of a programme",
    "ReferralRecord.answers": "at most ten",
    "ReferralRecord.decisions": "two sides",
    "ReferralRecord.steps": "its stages",
    "ReverseSalePayload.rewards": "the rules of a programme",
    "Reward.pendingReasons": "the reasons there are",
    "Reward.timeline": "its states",
    "RewardRecord.pendingReasons": "the reasons there are",
    "RewardRecord.steps": "its states",
    "Sale.facts": "at most twenty",
    "StandingUpdate.activities": "at most first",
    "Statistics.buckets": "at most 400",
    "Statistics.cohorts": "at most 60",
    "StatisticsBucket.costs": "currencies",
    "UserError.path": "a path",
    "Referrer.groupOffers": "at most MAX_PAGE",
    "Referrer.milestones": "the rules of a programme",
    "Referrer.payoutAccounts": "the providers there are",
    "ViewerGroup.members": "the places of a group",
    "WebhookEndpoint.kinds": "the kinds there are",
    "WebhookEndpoint.steps": "what staff did with it",
}
WRITTEN = ("Block", "Offer", "Group.prizes", "Leaderboard.prizes", "LeaderboardPlace.prizes", "Page.", "Program.offers")
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


def test_every_list_ends():
    """In pages, of which a nested one ends too; or short by nature, and then it is named here with its reason. What
    people wrote in the admin – blocks, offers – is as long as they made it."""
    found = set()
    for kind in schema._schema.type_map.values():
        if not is_object_type(kind) or kind.name.startswith("__"):
            continue
        for name, field in kind.fields.items():
            where = f"{kind.name}.{name}"
            is_ours = name not in {"edges", "errors"} and not any(part in where for part in WRITTEN)
            if is_list_type(get_nullable_type(field.type)) and is_ours:
                found.add(where)
    assert found == {where for where in SHORT if not any(part in where for part in WRITTEN)}


@pytest.mark.django_db
def test_a_nested_list_in_pages_ends_like_one_at_the_root(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_MAX_COST": 10**7}
    program = make_program()
    key = create_api_key(site_id=program.site_id, name="Books", scopes=["referrals:read"])[1]
    link = make_link(program)
    ReferralLink.objects.bulk_create(
        ReferralLink(referrer=link.referrer, code=f"L{n}", is_primary=False) for n in range(120)
    )
    query = "{ server { referrers { edges { node { links%s { totalCount edges { node { code } } } } } } } }"
    for asked, shown in (("", 100), ("(first: 100)", 100), ("(first: 3)", 3)):
        (edge,) = data(client, query % asked, bearer=key)["server"]["referrers"]["edges"]
        assert (edge["node"]["links"]["totalCount"], len(edge["node"]["links"]["edges"])) == (121, shown)
    assert "BAD_USER_INPUT" in codes(ask(client, query % "(first: 101)", bearer=key))


@pytest.mark.parametrize(
    ("given", "expected"), [({"n": 10}, 23), ({}, 2 * 5 + 3), ({"n": None}, 203), ({"n": -1}, 3), ({"n": "x"}, 203)]
)
def test_variables_count_as_what_they_hold(given, expected):
    assert cost("query ($n: Int = 5) { items(first: $n) { " + ITEMS + " } }", **given) == expected


@pytest.mark.parametrize(("given", "expected"), [({}, 4), ({"ids": ["a"]}, 2), ({"ids": "a"}, 2), ({"ids": []}, 1)])
def test_a_list_of_input_counts_as_what_it_holds_also_when_it_is_a_default(given, expected):
    assert cost('query ($ids: [ID!]! = ["a", "b", "c"]) { nodes(ids: $ids) { name } }', **given) == expected


@pytest.mark.parametrize("default", ["9" * 5_000, f'["{"9" * 5_000}"]', "[" + "9" * 5_000 + "]"])
@pytest.mark.django_db
def test_an_id_may_be_a_longer_number_than_python_reads(client, default):
    query = f"query ($ids: [ID!]! = {default}) " + "{ nodes(ids: $ids) { id } }"
    assert data(client, query) == {"nodes": [None]}


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


@pytest.mark.parametrize(
    "query", ["{ viewr { id } }", "{ viewer }", "{ viewer { referral } }", "{ node(idd: 1) { id } }"]
)
def test_what_is_kept_to_oneself_is_not_suggested_either(client, settings, query):
    suggested = [error["message"] for error in ask(client, query)["errors"]]
    assert any("Did you mean" in message for message in suggested)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_INTROSPECTION": False}
    found = [error["message"] for error in ask(client, query)["errors"]]
    assert found == [message.partition(" Did you mean")[0] for message in suggested]


def test_a_look_at_the_schema_cannot_go_round_in_circles(client):
    inner = "name"
    for _level in range(6):
        inner = "fields { type { " + inner + " } }"
    assert codes(ask(client, "{ __schema { types { " + inner + " } } }"))[0] == "BAD_REQUEST"
