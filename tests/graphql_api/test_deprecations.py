"""What is deprecated says since when, what to use, and until when it stays: docs/concepts/api-stability.md."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from graphql import (
    GraphQLSchema,
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    print_schema,
)

from graphql_api.schema import schema

FORM = re.compile(
    r"Since (\d{4}-\d\d-\d\d)\. (Nothing takes its place\.|Use (`[^`]+`(?:(?:,| and) `[^`]+`)*)\.) "
    r"Removed after (\d{4}-\d\d-\d\d)\."
)
STAYS = timedelta(days=365)
SDL = """
type Query { viewer: Viewer }
type Viewer { points(of: Int): Int DIRECTIVE balance: Int state: State }
enum State { NEW }
"""


def parts(found: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """(coordinate, deprecation reason) of everything that can be deprecated."""
    for kind in found.type_map.values():
        if kind.name.startswith("__"):
            continue
        if is_enum_type(kind):
            yield from ((f"{kind.name}.{name}", value.deprecation_reason) for name, value in kind.values.items())
        elif is_object_type(kind) or is_interface_type(kind) or is_input_object_type(kind):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", field.deprecation_reason
                for argument, given in getattr(field, "args", {}).items():
                    yield f"{kind.name}.{name}({argument}:)", given.deprecation_reason


def mistakes(found: GraphQLSchema) -> list[str]:
    known = dict(parts(found))
    wrong = []
    for where, reason in known.items():
        if reason is None:
            continue
        match = FORM.fullmatch(reason)
        if match is None:
            wrong.append(f"{where}: not in the form")
            continue
        since, until = date.fromisoformat(match[1]), date.fromisoformat(match[4])
        if until - since < STAYS:
            wrong.append(f"{where}: goes too soon")
        instead = re.findall(r"`([^`]+)`", match[3] or "")
        wrong += [f"{where}: there is no {one}" for one in instead if known.get(one, "") is not None]
    return wrong


def test_what_is_deprecated_here_says_all_that_clients_need():
    assert mistakes(build_schema(print_schema(schema._schema))) == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Since 2026-11-22. Use `Viewer.balance`. Removed after 2027-11-22.", []),
        ("Since 2026-11-22. Use `Viewer.balance` and `State.NEW`. Removed after 2027-11-22.", []),
        ("Since 2026-11-22. Nothing takes its place. Removed after 2028-01-01.", []),
        ("Since 2026-11-22. Use `Viewer.balance`. Removed after 2027-11-21.", ["goes too soon"]),
        ("Since 2026-11-22. Use `Viewer.coins`. Removed after 2027-11-22.", ["there is no Viewer.coins"]),
        ("Since 2026-11-22. Use `Viewer.points`. Removed after 2027-11-22.", ["there is no Viewer.points"]),
        ("Since 2026-11-22. Use the balance. Removed after 2027-11-22.", ["not in the form"]),
        ("Use `Viewer.balance`.", ["not in the form"]),
        ("No longer supported", ["not in the form"]),
    ],
)
def test_another_form_a_short_time_or_a_wrong_replacement_is_a_mistake(reason, expected):
    sdl = SDL.replace("DIRECTIVE", f'@deprecated(reason: "{reason}")')
    assert mistakes(build_schema(sdl)) == [f"Viewer.points: {what}" for what in expected]
