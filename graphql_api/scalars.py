"""Scalars that GraphQL itself lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)


def _parse_big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError("BigInt has to be a whole number.")
    return value


def parse_datetime(value: Any) -> datetime:
    """The moment in UTC; raises GraphQLError for anything but RFC 3339 with an offset."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("DateTime has to be written as in 2026-03-01T12:00:00Z.") from None
    if moment.tzinfo is None:
        raise GraphQLError("DateTime needs an offset, as in 2026-03-01T12:00:00Z or 2026-03-01T13:00:00+01:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise GraphQLError("DateTime is out of range.") from None


SCALARS: Mapping[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description=(
            "A whole number that may need more than 32 bits. Sent as a JSON number, and never beyond 2^53, so that "
            "every JSON reader gets it exactly."
        ),
        serialize=int,
        parse_value=_parse_big_int,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment with its offset from UTC, such as 2026-03-01T12:00:00Z.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=datetime.isoformat,
        parse_value=parse_datetime,
    ),
}
