"""Scalars that GraphQL itself lacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
EmailAddress = NewType("EmailAddress", str)
URL = NewType("URL", str)

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
RFC = "https://datatracker.ietf.org/doc/html/rfc"


def _parse_big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError("BigInt has to be a whole number.")
    return value


def _parse_text(name: str) -> Callable[[Any], str]:
    """What the text has to be, the mutations' flows judge: they say so in the payload, with the input's path."""

    def parse(value: Any) -> str:
        if not isinstance(value, str):
            raise GraphQLError(f"{name} has to be text.")
        return value

    return parse


def _parse_date(value: Any) -> date:
    try:
        if not isinstance(value, str) or not DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise GraphQLError("Date has to be written as in 2026-03-01.") from None


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
        specified_by_url=f"{RFC}8259#section-6",
        serialize=int,
        parse_value=_parse_big_int,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day without a time, such as 2026-03-01.",
        specified_by_url=f"{RFC}3339#section-5.6",
        serialize=date.isoformat,
        parse_value=_parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment with its offset from UTC, such as 2026-03-01T12:00:00Z.",
        specified_by_url=f"{RFC}3339#section-5.6",
        serialize=datetime.isoformat,
        parse_value=parse_datetime,
    ),
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description=(
            "An e-mail address, such as kim@example.com. A mutation refuses another text with INVALID_EMAIL and the "
            "input’s path, a query with BAD_USER_INPUT."
        ),
        specified_by_url="https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address",
        serialize=str,
        parse_value=_parse_text("EmailAddress"),
    ),
    URL: strawberry.scalar(
        name="URL",
        description=(
            "A web address. It is absolute, unless the field says that it may be #… on the same page. A mutation "
            "refuses another text with an error that has the input’s path."
        ),
        specified_by_url="https://url.spec.whatwg.org/",
        serialize=str,
        parse_value=_parse_text("URL"),
    ),
}
