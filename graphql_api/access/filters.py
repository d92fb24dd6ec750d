"""What every list of records can be narrowed by."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from django.db.models import Q
from django.utils.translation import gettext as _
from graphql import GraphQLError
from strawberry import relay

from graphql_api.errors import ErrorCode
from referral_blocks.core.errors import DomainError
from referral_blocks.core.text import clean_email
from referral_blocks.people.services import email_key


@strawberry.input(description="A stretch of time; what is left out is open.")
class MomentRange:
    since: datetime | None = strawberry.field(default=None, description="This moment and later ones.")
    before: datetime | None = strawberry.field(default=None, description="Earlier moments only.")


def within(field: str, moments: MomentRange | None) -> Q:
    """The condition that the moment in ``field`` is in this range."""
    if moments is None:
        return Q()
    since = Q(**{f"{field}__gte": moments.since}) if moments.since else Q()
    return since & Q(**{f"{field}__lt": moments.before}) if moments.before else since


def one_of(field: str, members: list[Any] | None) -> Q:
    """The condition that ``field`` has one of these enum members; None asks for nothing, and an empty list finds
    nothing."""
    return Q() if members is None else Q(**{f"{field}__in": [member.value for member in members]})


def is_(field: str, value: Any) -> Q:
    """The condition that ``field`` is this value; None asks for nothing, text that no row can hold finds nothing."""
    if value is None:
        return Q()
    return Q(pk__in=[]) if isinstance(value, str) and not _storable(value) else Q(**{field: value})


def address_key(name: str, given: str | None) -> str | None:
    """What a person is found by; None for a filter that is not given. Raises GraphQLError (BAD_USER_INPUT) with the
    filter's path for what is no address."""
    if given is None:
        return None
    try:
        return email_key(clean_email(given))
    except DomainError as error:
        raise GraphQLError(
            str(error.message), extensions={"code": ErrorCode.BAD_USER_INPUT.value, "path": ["filter", name]}
        ) from None


def public_id(name: str, given: relay.GlobalID | None, kind: str) -> UUID | None:
    """What a row of the type ``kind`` is found by; None for a filter that is not given. Raises GraphQLError
    (BAD_USER_INPUT) with the filter's path for an id of anything else."""
    if given is None:
        return None
    try:
        return UUID(given.node_id if given.type_name == kind else "")
    except ValueError:
        raise GraphQLError(
            _("This is not the id of a %(kind)s.") % {"kind": kind},
            extensions={"code": ErrorCode.BAD_USER_INPUT.value, "path": ["filter", name]},
        ) from None


def _storable(text: str) -> bool:
    """PostgreSQL cannot hold NUL, and no database a lone surrogate."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)
