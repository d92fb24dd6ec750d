"""Composes documents that ask for every field of the schema once, and reads from the answers what each field gave."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type

from graphql_api.schema import schema
from tests.graphql_api.permissions import table
from tests.graphql_api.permissions.callers import Caller
from tests.graphql_api.permissions.markers import marks_in

MAX_ROUNDS = 8
ROOTS = ("Query", "Mutation", "Subscription")


@cache
def object_types() -> dict[str, GraphQLObjectType]:
    kinds = schema._schema.type_map.items()
    return {name: kind for name, kind in kinds if isinstance(kind, GraphQLObjectType) and not name.startswith("__")}


def named(field: GraphQLField) -> str:
    return get_named_type(field.type).name


def is_listing(name: str) -> bool:
    return name.endswith(("Connection", "Edge"))


@cache
def homes() -> dict[str, tuple[str, ...]]:
    """Type → the fields under which its own fields are asked; connections and edges stand between a list and it."""
    found: dict[str, list[str]] = {}
    for name, line in table.types().items():
        for home in line.homes:
            if home == table.NOWHERE:
                continue
            parent, _dot, field = home.partition(".")
            inner = named(object_types()[parent].fields[field])
            if inner.endswith("Connection") and inner != name:
                edge = named(object_types()[inner].fields["edges"])
                found.setdefault(inner, []).append(home)
                found.setdefault(edge, []).append(f"{inner}.edges")
                found.setdefault(name, []).append(f"{edge}.node")
            else:
                found.setdefault(name, []).append(home)
    for mutation in table.mutations():
        payload = named(object_types()["Mutation"].fields[mutation])
        found.setdefault(payload, []).append(f"Mutation.{mutation}")
    return {name: tuple(where) for name, where in found.items()}


@cache
def _living_at(home: str) -> tuple[str, ...]:
    return tuple(name for name, where in homes().items() if home in where)


def rule_of(kind: str, field: str) -> table.Rule:
    """What the table says; what lists and payloads consist of is seen by whoever has come to them."""
    if kind == "Mutation":
        return table.mutations()[field][0]
    if is_listing(kind) or kind.endswith("Payload"):
        return table.rule_of("seen")
    return table.types()[kind].rules[field]


def _is_named(kind: str, field: str) -> bool:
    """What the table has forgotten, its own test says."""
    if kind == "Mutation":
        return field in table.mutations()
    if is_listing(kind) or kind.endswith("Payload"):
        return True
    return kind in table.types() and field in table.types()[kind].rules


def select(kind: str, given: dict[str, str], skipped: set[str], only: set[str] | None = None) -> str:
    """Every field of a type under the name ``Type_field``, and below it the types that live there."""
    parts = []
    for name, field in object_types()[kind].fields.items():
        key = f"{kind}_{name}"
        if key in skipped or (only is not None and name not in only) or not _is_named(kind, name):
            continue
        asked = f"{key}: {name}{given.get(f'{kind}.{name}', '')}"
        if not is_leaf_type(get_named_type(field.type)):
            asked += f" {{ {_below(kind, name, field, given, skipped)} }}"
        parts.append(asked)
    return " ".join(parts) or "__typename"


def _below(kind: str, name: str, field: GraphQLField, given: dict[str, str], skipped: set[str]) -> str:
    inner = _living_at(f"{kind}.{name}")
    parts = ["__typename"]
    for child in inner:
        fields = select(child, given, skipped)
        parts.append(fields if named(field) == child else f"... on {child} {{ {fields} }}")
    return " ".join(parts)


def everything(caller: Caller, kind: str, given: dict[str, str], depth: int, above: tuple[str, ...] = ()) -> str:
    """Every field that the table tells this caller, and all that hangs on it, ``depth`` lists deep; no type comes twice
    on the way."""
    parts = []
    for name, field in object_types()[kind].fields.items():
        if not _is_named(kind, name) or caller.outcome(rule_of(kind, name)) != "value":
            continue
        inner = get_named_type(field.type)
        asked = f"{kind}_{name}: {name}{given.get(f'{kind}.{name}', '')}"
        if is_leaf_type(inner):
            parts.append(asked)
        elif depth and inner.name not in above and isinstance(inner, GraphQLObjectType):
            deeper = depth - (not is_listing(inner.name))
            below = everything(caller, inner.name, given, deeper, (*above, kind))
            parts.append(f"{asked} {{ {below} }}")
    return " ".join(parts) or "__typename"


class Leak(AssertionError):
    """An answer holds what its caller may not see."""


def check_leaks(caller: Caller, text: str, hidden: set[str], ids: Callable[[Caller, str], set[str]]) -> None:
    """The whole answer, its errors and extensions too."""
    seen = {mark for mark in marks_in(text) if not caller.may_see(*mark)}
    seen |= {("id", gid) for gid in ids(caller, text)}
    shown = {secret for secret in hidden if secret in text}
    if seen or shown:
        where = re.search("|".join(f"zz-{who}-{what}-" for who, what in seen) or "$", text, re.IGNORECASE)
        around = text[max(0, where.start() - 300) : where.end() + 40] if where else text[:200]
        raise Leak(f"{caller.name} is shown {sorted(seen)} {shown and 'and a hash'}: …{around}…")


def read(body: dict[str, Any]) -> tuple[dict[str, bool], dict[str, str]]:
    """What gave a value (True) or null, and what gave an error with which code."""
    values: dict[str, bool] = {}
    for key, value in _items(body.get("data") or {}):
        values[key] = values.get(key, False) or value not in (None, [], "")
    errors = {}
    for error in body.get("errors", ()):
        names = [str(step) for step in error.get("path", ()) if not isinstance(step, int)]
        assert names, f"the document is wrong; a field may need a line in asking.py: {error}"
        errors[names[-1]] = error["extensions"]["code"]
    return values, errors


def _items(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, list):
        for one in data:
            yield from _items(one)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key, value
            yield from _items(value)


def walk(ask: Callable[[str], dict[str, Any]], root: str, given: dict[str, str], only: set[str] | None) -> dict:
    """Outcomes by ``Type_field``. What is refused takes its parent away where it is not nullable: it is left out then,
    and the rest is asked for again, until nothing is refused."""
    refused: dict[str, str] = {}
    for _round in range(MAX_ROUNDS):
        if (asked := select(root, given, set(refused), only)) == "__typename":
            break  # all of it was refused
        values, errors = read(ask(f"{root.lower()} {{ {asked} }}"))
        if not errors.keys() - refused.keys():
            break
        refused |= errors
    else:
        raise AssertionError(f"still refused after {MAX_ROUNDS} rounds: {errors}")
    return {**{key: "value" if there else "null" for key, there in values.items()}, **refused}


def expected(caller: Caller, kind: str, field: str, asked: set[tuple[str, str]]) -> str:
    """What the table says: "-" where all ways to the object, of those that are asked, end before."""
    if kind not in ROOTS and not any(_is_reached(caller, home, asked) for home in homes().get(kind, ())):
        return "-"
    return caller.outcome(rule_of(kind, field))


def _is_reached(caller: Caller, home: str, asked: set[tuple[str, str]]) -> bool:
    kind, _dot, field = home.partition(".")
    return (kind, field) in asked and expected(caller, kind, field, asked) == "value"


def asked_below(root: str, only: set[str] | None) -> set[tuple[str, str]]:
    """Every (type, field) that ``walk`` asks for."""
    found: set[tuple[str, str]] = set()
    waiting = [(root, only)]
    while waiting:
        kind, limit = waiting.pop()
        for name in object_types()[kind].fields:
            if (limit is None or name in limit) and (kind, name) not in found and _is_named(kind, name):
                found.add((kind, name))
                waiting += [(child, None) for child in _living_at(f"{kind}.{name}")]
    return found


def differences(caller: Caller, outcomes: dict[str, str], asked: set[tuple[str, str]]) -> list[str]:
    """Where the answers are not what the table says."""
    wrong = []
    for kind, name in sorted(asked):
        key = f"{kind}_{name}"
        want, got = expected(caller, kind, name, asked), outcomes.get(key, "-")
        if want == "value" and got == "null" and f"{kind}.{name}" in table.NOTHING_TO_SHOW:
            continue
        if want != got:
            wrong.append(f"{caller.name}: {kind}.{name} gave {got}; the table says {want}")
    return wrong


def as_json(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.content)
    return body
