"""What shortcuts read is what graphql-core would have read, and so are the errors."""

from datetime import UTC, datetime

import pytest
import time_machine
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_api.executor import Executor
from graphql_api.schema import schema
from graphql_api.shortcuts import shortcuts_of
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.people.models import Person
from referral_blocks.rewards.models import Reward
from tests.graphql_api.ask import ask, bearer_of, codes
from tests.graphql_api.constant_sql.rows import for_referrer, for_systems, for_visitors
from tests.graphql_api.constant_sql.test_every_list import NO_LIMITS, REFERRERS, SYSTEMS
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
REWARDS = "{ server { rewards(first: 2) { edges { node { id state person { email } value { currency } } } } } }"
PEOPLE = "{ server { referrals(first: 2) { edges { node { id referrer { person { email kind } } } } } } }"


@pytest.fixture
def program(settings, monkeypatch):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, **NO_LIMITS}
    monkeypatch.setattr("graphql_api.limits.MAX_TOKENS", 10**6)
    monkeypatch.setattr("graphql_api.limits.MAX_FIELDS", 10**6)
    program = make_program()
    for_systems(program, 3)
    return program


def key_with(program, *scopes):
    return create_api_key(site_id=program.site_id, name="Books", scopes=scopes or Scope.values)[1]


def both(client, monkeypatch, query, bearer):
    """The answers of our executor and of the library's own, of one moment: a cursor holds the second."""
    with time_machine.travel(datetime.now(UTC), tick=False), monkeypatch.context() as patched:
        ours = ask(client, query, bearer=bearer)
        patched.setattr(schema, "execution_context_class", StrawberryGraphQLCoreExecutionContext)
        theirs = ask(client, query, bearer=bearer)
    return ours, theirs


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "server.apiKeys"])
def test_systems_are_answered_the_same(client, monkeypatch, program, name):
    ours, theirs = both(client, monkeypatch, SYSTEMS[name][0], key_with(program))
    assert ours == theirs
    assert "errors" not in ours


def test_referrers_are_answered_the_same(client, monkeypatch, program):
    referrer = make_link(program).referrer
    for_visitors(program, 2)
    for_referrer(referrer, 3)
    ours, theirs = both(client, monkeypatch, REFERRERS["viewer"][0], bearer_of(referrer))
    assert ours == theirs
    assert "errors" not in ours


def test_what_is_refused_is_refused_the_same_row_by_row(client, monkeypatch, program):
    ours, theirs = both(client, monkeypatch, REWARDS, key_with(program, Scope.REWARDS_READ))
    assert ours == theirs
    assert codes(ours)[0] == "FORBIDDEN" and "@" not in str(ours["data"])


def test_a_value_that_the_schema_does_not_know_is_an_error_where_it_stands(client, monkeypatch, program):
    Person.objects.update(kind="robot")
    Reward.objects.update(state="lost")
    for query in (PEOPLE, REWARDS):
        ours, theirs = both(client, monkeypatch, query, key_with(program))
        for answer in (ours, theirs):
            for error in answer["errors"]:
                del error["message"]  # it may hold a reference, which is another each time
                error["extensions"].pop("reference", None)
        assert ours == theirs
        assert ours["errors"][0]["path"][-1] in ("kind", "state")


def test_most_fields_have_a_shortcut():
    known = shortcuts_of(schema._schema)
    assert schema.execution_context_class is Executor
    assert {"id", "state", "title", "value", "pendingReasons", "person"} <= set(known["RewardRecord"])
    assert {"edges", "pageInfo", "totalCount"} <= set(known["RewardRecordConnection"])
    assert "rewards" in known["Sale"]
    assert not {"Query", "Mutation"} & set(known)
