"""Every field of the schema, asked for by everybody: what each gets is what the table says, and no more."""

from __future__ import annotations

import pytest

from tests.graphql_api.permissions import table
from tests.graphql_api.permissions.asking import arguments, foreign_ids, ids_of
from tests.graphql_api.permissions.callers import at_far_site, field_rights, keys, referrers, staff
from tests.graphql_api.permissions.markers import secrets
from tests.graphql_api.permissions.walk import (
    ROOTS,
    as_json,
    asked_below,
    check_leaks,
    differences,
    everything,
    homes,
    is_listing,
    named,
    object_types,
    rule_of,
    walk,
)

pytestmark = pytest.mark.django_db


def test_the_table_names_every_field_and_no_other():
    there = {
        f"{name}.{field}"
        for name, kind in object_types().items()
        if name != "Mutation" and not is_listing(name) and not name.endswith("Payload")
        for field in kind.fields
    }
    named = {f"{name}.{field}" for name, line in table.types().items() for field in line.rules}
    where = "tests/graphql_api/permissions/fields.txt"
    assert there - named == set(), f"add to {where}, whose head says how"
    assert named - there == set(), f"take out of {where}: there is no such field any more"
    lists = {name: set(kind.fields) for name, kind in object_types().items() if is_listing(name)}
    for name, fields in lists.items():
        assert fields == ({"cursor", "node"} if name.endswith("Edge") else {"edges", "pageInfo", "totalCount"}), name


def test_the_table_names_every_mutation_and_no_other():
    where = "tests/graphql_api/permissions/mutations.txt"
    there = object_types()["Mutation"].fields
    assert set(there) - set(table.mutations()) == set(), f"add to {where}, whose head says how, and to inputs.py"
    assert set(table.mutations()) - set(there) == set(), f"take out of {where}: there is no such mutation any more"
    for name, (_rule, fields) in table.mutations().items():
        payload = object_types()[str(there[name].type).rstrip("!")]
        assert set(payload.fields) == fields, f"{where}: the payload of {name}"


def test_the_walk_meets_every_type():
    walked = {kind for root in ROOTS for kind, _field in asked_below(root, None)}
    missed = set(object_types()) - walked - {n for n, line in table.types().items() if line.homes == (table.NOWHERE,)}
    assert missed == set(), "their lines in fields.txt say where they are met"
    assert set(homes()) - set(object_types()) == set()


@pytest.fixture
def asked_of(world):
    """Asks as a caller, and sees whether the answer holds what they may not see."""
    hidden, known = secrets(), ids_of(world)

    def asked(caller, given, only=None, root="Query"):
        def ask(document):
            if root == "Subscription":
                text, body = caller.stream(document)
            else:
                response = caller.post(document)
                assert response.status_code == 200, response.content
                text, body = (
                    f"{response.content.decode()} {dict(response.headers)} {response.cookies}",
                    as_json(response),
                )
            check_leaks(caller, text, hidden, lambda one, whole: foreign_ids(known, one, whole))
            return body

        outcomes = walk(ask, root, given, only)
        return differences(caller, outcomes, asked_below(root, only))

    def look(caller, document):
        response = caller.post(document)
        check_leaks(caller, response.content.decode(), hidden, lambda one, whole: foreign_ids(known, one, whole))
        return as_json(response)

    asked.look = look
    return asked


def test_everybody_gets_what_the_table_says(world, asked_of):
    everybody = [*referrers(world), *(one for one in keys(world) if one.name in ("far-key", "key all"))]
    everybody += staff()
    wrong = [line for caller in everybody for line in asked_of(caller, arguments(world, world.own))]
    assert wrong == [], "\n".join(wrong)


def test_a_key_is_told_what_its_scopes_allow(world, asked_of):
    wrong = [line for caller in keys(world) for line in asked_of(caller, arguments(world, world.own), {"server"})]
    assert wrong == [], "\n".join(wrong)


def test_staff_are_told_what_their_rights_allow(world, asked_of):
    wrong = [
        line for caller in staff(field_rights()) for line in asked_of(caller, arguments(world, world.own), {"server"})
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("field", object_types()["Subscription"].fields)
def test_subscriptions_tell_what_the_table_says(world, asked_of, field):
    everybody = [*referrers(world), *keys(world), *staff(field_rights())]
    wrong = [line for one in everybody for line in asked_of(one, arguments(world, world.own), {field}, "Subscription")]
    assert wrong == [], "\n".join(wrong)


def test_a_stream_asked_for_with_get_never_spends_a_staff_cookie(world):
    forged = next(one for one in staff() if one.kind == "forged")
    _text, body = forged.stream('subscription { programActivity(program: "neighbours") { cursor } }', method="GET")
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]


DEPTH = 2
ROOT_FIELDS = ("viewer", "server", "program", "leaderboard", "group")


def test_nothing_that_hangs_on_a_row_tells_more_than_the_row_may(world, asked_of):
    """What can be reached over rows of other types, too: all of it is looked through for marks."""
    few = {
        f"{name}.{field}": "(first: 2)"
        for name, kind in object_types().items()
        for field, one in kind.fields.items()
        if named(one).endswith("Connection") and "first" in one.args
    }
    everybody = [one for one in (*referrers(world), *keys(world)) if "key -" not in one.name and one.kind != "far-key"]
    for caller in (*everybody, *at_far_site(world)):
        given = {**few, **arguments(world, world.far if "far" in caller.site else world.own)}
        for root in ROOT_FIELDS:
            if caller.outcome(rule_of("Query", root)) == "value":
                below = everything(caller, named(object_types()["Query"].fields[root]), given, DEPTH)
                body = asked_of.look(caller, f"query {{ {root}{given.get(f'Query.{root}', '')} {{ {below} }} }}")
                assert "errors" not in body, body["errors"][:3]


def test_another_site_tells_its_own_the_same_about_itself(world, asked_of):
    wrong = [line for caller in at_far_site(world) for line in asked_of(caller, arguments(world, world.far))]
    assert wrong == [], "\n".join(wrong)
