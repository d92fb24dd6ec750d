import pytest

from tests.graphql_api.compatibility import DECLARED, RELEASED, SERVED, complaints

BEFORE = """
type Query { viewer(first: Int = 10): Viewer }
type Viewer { points: Int!, name: String }
enum State { NEW }
input Filter { state: State }
"""
DECLARATION = '[[change]]\nchange = "{}"\ndate = 2026-11-22\nwhy = "Nobody has asked for it."\n'


def after(old: str, new: str) -> str:
    assert old in BEFORE
    return BEFORE.replace(old, new)


def test_nobody_who_wrote_to_the_released_schema_is_let_down():
    assert complaints(RELEASED.read_text(), SERVED.read_text(), DECLARED.read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "loss"),
    [
        ("points: Int!, ", "", "Field Viewer.points was removed."),
        ("points: Int!", "points: Int", "Field Viewer.points changed type from Int! to Int."),
        ("name: String", "name(locale: String!): String", "A required argument Viewer.name(locale:) was added."),
        ("enum State { NEW }", "enum State { FRESH }", "Enum value State.NEW was removed."),
        ("state: State", "state: State, of: Int!", "A required field Filter.of was added."),
        ("first: Int = 10", "first: Int = 20", "Query.viewer(first:) has changed defaultValue from 10 to 20."),
    ],
)
def test_what_a_client_would_miss_has_to_be_declared(old, new, loss):
    changed = after(old, new)
    assert complaints(BEFORE, changed, "") == [f"breaks clients, and is not in breaking_changes.toml: {loss}"]
    assert complaints(BEFORE, changed, DECLARATION.format(loss)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: String", "name: String!"),
        ("name: String", "name(locale: String): String, more: Int"),
        ("enum State { NEW }", "enum State { NEW OLD }"),
        ("state: State", "state: State, of: Int = 1"),
    ],
)
def test_what_only_adds_needs_no_declaration(old, new):
    assert complaints(BEFORE, after(old, new), "") == []


def test_what_is_declared_and_does_not_happen_is_a_mistake():
    declaration = DECLARATION.format("Field Viewer.points was removed.")
    assert complaints(BEFORE, BEFORE, declaration) == [
        "is in breaking_changes.toml, and does not happen: Field Viewer.points was removed."
    ]


def test_a_declaration_says_why():
    with pytest.raises(AssertionError, match="change, date and why"):
        complaints(BEFORE, BEFORE, '[[change]]\nchange = "Viewer.points was removed."\ndate = 2026-11-22\n')
