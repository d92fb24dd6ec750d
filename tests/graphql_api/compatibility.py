"""What a change of the schema takes away from those who have written to it.

It is compared with graphql_api/released.graphql, which is committed, and not with what stands at a tag: a shallow
clone, an sdist and a fork have no tags.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema
from graphql.utilities import (
    BreakingChange,
    DangerousChange,
    DangerousChangeType,
    find_breaking_changes,
    find_dangerous_changes,
)

import graphql_api

HERE = Path(graphql_api.__file__).parent
RELEASED, SERVED = HERE / "released.graphql", HERE / "schema.graphql"
DECLARED = HERE / "breaking_changes.toml"
# What clients have to expect: docs/concepts/api-stability.md. Another default is not among them.
EXPECTED = {
    DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED,
    DangerousChangeType.OPTIONAL_ARG_ADDED,
    DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED,
    DangerousChangeType.TYPE_ADDED_TO_UNION,
    DangerousChangeType.VALUE_ADDED_TO_ENUM,
}


def losses(before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """What breaks clients, or changes what they get, in words; empty when all that worked still does."""
    found: list[BreakingChange | DangerousChange] = [*find_breaking_changes(before, after)]
    found += [change for change in find_dangerous_changes(before, after) if change.type not in EXPECTED]
    return sorted({change.description for change in found})


def declared(text: str) -> list[dict[str, Any]]:
    """The declared changes; AssertionError for one that does not say what, when and why."""
    changes: list[dict[str, Any]] = tomllib.loads(text).get("change", [])
    for change in changes:
        assert set(change) == {"change", "date", "why"}, f"a change has change, date and why: {change}"
        assert isinstance(change["date"], date), f"a date is written as 2026-11-22: {change}"
        assert len(change["why"].split()) > 2, f"why? {change}"
    return changes


def complaints(before: str, after: str, declaration: str) -> list[str]:
    """What is wrong with going from one SDL to the other under this declaration."""
    found = losses(build_schema(before), build_schema(after))
    told = [change["change"] for change in declared(declaration)]
    undeclared = [f"breaks clients, and is not in {DECLARED.name}: {loss}" for loss in found if loss not in told]
    idle = [f"is in {DECLARED.name}, and does not happen: {change}" for change in told if change not in found]
    return undeclared + idle
