"""Field by field: every list of the schema, with all relations below it, for 1, 10 and 100 rows.

The documents are written from the schema, so that a new relation is in them at once. A list that no document reaches
has to be named in ELSEWHERE, with the test that holds it. Where the numbers differ from those in QUERIES and are equal
for all three sizes, a relation was added or taken away: write the new number down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from graphql_api import limits
from graphql_api.schema import schema
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.groups.models import Group
from tests.graphql_api.ask import bearer_of, data
from tests.make import make_link, make_program
from tests.processes import ROOT

from .documents import Writer, list_fields
from .rows import for_referrer, for_systems, for_visitors

SIZES = (1, 10, 100)
OF_SYSTEMS, OF_REFERRERS, OF_VISITORS = (Writer(schema._schema) for _ in range(3))
# Name of the document: its text, and how many queries it is.
SYSTEMS: dict[str, tuple[str, int]] = {
    f"server.{name}": (f"{{ server {OF_SYSTEMS.only('Server', name)} }}", queries)
    for name, queries in {
        "apiKeys": 3,
        "payoutRuns": 11,
        "payouts": 12,
        "programs": 3,
        "referrals": 19,
        "referrers": 14,
        "reversals": 6,
        "rewards": 18,
        "saleImports": 8,
        "sales": 18,
        "webhookDeliveries": 5,
        "webhookEndpoints": 4,
    }.items()
}
SYSTEMS["server.statistics"] = (
    f'{{ server {{ statistics(program: "neighbours") {OF_SYSTEMS.of("Statistics")} }} }}',
    22,
)
REFERRERS = {"viewer": (f"{{ viewer {OF_REFERRERS.of('Referrer')} }}", 36)}
VISITORS = {
    "program": (f"{{ program {OF_VISITORS.of('Program')} }}", 8),
    "leaderboard": (f"{{ leaderboard(first: 50) {OF_VISITORS.of('Leaderboard')} }}", 10),
    "group": (f'{{ group(id: "GROUP") {OF_VISITORS.of("Group")} }}', 7),
}
# What no document here can ask for, and which test asks it.
PAGES = "tests/graphql_api/pages/test_pages.py"  # and every block on them
ELSEWHERE = {
    "Page.blocks": PAGES,
    "Query.nodes": "tests/graphql_api/test_nodes.py",
    "Query.pages": PAGES,
}
ONE_QUERY = {
    "OpenValue.amounts": "sums by currency, once a mutation",
    "StandingUpdate.activities": "read as ActivityUpdate.activities is, by a subscription",
}
# What is asked for, and empty all the same.
EMPTY = {
    "ActivityUpdate.activities": "told only behind a cursor",
    "PayoutAccount.missing": "one a provider, and no provider here needs an account",
    "Referrer.payoutAccounts": "the same",
}


NO_LIMITS = {"API_MAX_COST": 10**9, "API_MAX_DEPTH": 99, "API_TIMEOUT_SECONDS": 600}


@pytest.fixture
def no_limits(settings, monkeypatch):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, **NO_LIMITS}
    monkeypatch.setattr(limits, "MAX_TOKENS", 10**6)
    monkeypatch.setattr(limits, "MAX_FIELDS", 10**6)


def lengths(answer: Any) -> Iterator[tuple[str, int]]:
    """How long each list of an answer is, as Type.field; those in pages by their edges."""
    if isinstance(answer, list):
        for item in answer:
            yield from lengths(item)
    if not isinstance(answer, dict):
        return
    for name, value in answer.items():
        found = value.get("edges") if isinstance(value, dict) else value
        if isinstance(found, list):
            yield f"{answer.get('__typename', 'Server')}.{name}", len(found)
        yield from lengths(value)


def check(client, documents: dict[str, tuple[str, int]], bearer: str, make: Callable[[int], None]) -> dict[str, int]:
    """Each document asks its number of queries, whatever the number of rows that ``make`` makes. How long each list
    became at most."""
    counts: dict[str, list[int]] = {name: [] for name in documents}
    longest: dict[str, int] = {}
    for size in SIZES:
        with transaction.atomic():
            make(size)
            for name, (document, _queries) in documents.items():
                text = document.replace("GROUP", str(getattr(Group.objects.first(), "public_id", "")))
                cache.clear()
                with CaptureQueriesContext(connection) as queries:
                    answer = data(client, text, bearer=bearer)
                counts[name].append(len(queries))
                for known, length in lengths(answer):
                    longest[known] = max(longest.get(known, 0), length)
            transaction.set_rollback(True)
    # What has happened lately is read behind what PostgreSQL has committed for sure: it is asked for that.
    more = {"viewer": 1} if connection.vendor == "postgresql" else {}
    expected = {name: queries + more.get(name, 0) for name, (_document, queries) in documents.items()}
    assert counts == {name: [queries] * len(SIZES) for name, queries in expected.items()}
    return longest


def filled(writer: Writer, longest: dict[str, int]) -> None:
    """No list was counted that had nothing in it."""
    assert {name for name in writer.lists if not longest.get(name)} <= set(EMPTY)


@pytest.mark.django_db
def test_every_list_of_a_system(client, no_limits):
    program = make_program()
    key = create_api_key(site_id=program.site_id, name="Books", scopes=Scope.values)[1]
    data(client, "{ server { __typename } }", bearer=key)  # the key’s last use is written once a minute
    longest = check(client, SYSTEMS, key, lambda size: for_systems(program, size))
    filled(OF_SYSTEMS, longest)
    assert {longest[f"Server.{name.partition('.')[2]}"] for name in SYSTEMS if name != "server.statistics"} == {100}


@pytest.mark.django_db
def test_every_list_of_a_referrer(client, no_limits):
    referrer = make_link(make_program()).referrer
    bearer = bearer_of(referrer)

    def make(size: int) -> None:
        for_referrer(referrer, size)
        for_visitors(referrer.program, size)

    longest = check(client, REFERRERS, bearer, make)
    filled(OF_REFERRERS, longest)
    lists = ("links", "referrals", "rewards", "statement", "groups", "groupOffers", "milestones")
    assert {longest[f"Referrer.{name}"] for name in lists} == {100}
    assert {longest[f"Points.{name}"] for name in ("lots", "history", "offers")} == {100}


@pytest.mark.django_db
def test_every_list_that_anybody_sees(client, no_limits):
    program = make_program()
    referrer = make_link(program).referrer

    def make(size: int) -> None:
        for_systems(program, size)
        for_visitors(program, size)
        for_referrer(referrer, 1)

    longest = check(client, VISITORS, "", make)
    filled(OF_VISITORS, longest)
    assert (longest["Leaderboard.places"], longest["Group.prizes"], longest["Program.offers"]) == (50, 100, 326)


def test_no_list_of_the_schema_is_left_out():
    every = {name for name in list_fields(schema._schema) if not name.partition(".")[0].endswith("Block")}
    assert every - OF_SYSTEMS.lists - OF_REFERRERS.lists - OF_VISITORS.lists == {*ELSEWHERE, *ONE_QUERY}
    for path in ELSEWHERE.values():
        assert "queries" in (ROOT / path).read_text("utf-8")
