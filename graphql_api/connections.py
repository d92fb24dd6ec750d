"""Lists in pages: a relay connection that counts, with a limit, and with clear words for arguments that make no
sense."""

from __future__ import annotations

from typing import Any, Self

import strawberry
from django.utils.translation import gettext as _
from graphql import GraphQLError
from strawberry import relay
from strawberry.relay.types import PREFIX, NodeIterableType
from strawberry.relay.utils import from_base64
from strawberry_django.relay import DjangoListConnection

from .context import Info
from .errors import ErrorCode, refusal

MAX_PAGE = 100
MAX_OFFSET = 10**9


@strawberry.type(name="Connection", description="A list in pages.")
class Pages(DjangoListConnection[relay.NodeType]):
    """``first`` and ``last`` go from 0 to MAX_PAGE, which is also the default; cursors are those that this API gave."""

    @classmethod
    def resolve_connection(cls, nodes: NodeIterableType[relay.NodeType], *, info: Info, **given: Any) -> Self:
        for name in ("first", "last"):
            if given.get(name) is not None and not 0 <= given[name] <= MAX_PAGE:
                raise out_of_range(name)
        for name in ("after", "before"):
            if given.get(name) and not _is_cursor(given[name]):
                raise refusal(ErrorCode.BAD_USER_INPUT, _("“%(name)s” is not a cursor of this list.") % {"name": name})
        return super().resolve_connection(nodes, info=info, **given)  # type: ignore[return-value]


def out_of_range(name: str) -> GraphQLError:
    """What to say to a length that no list has."""
    words = _("“%(name)s” has to be between 0 and %(max)d.")
    return refusal(ErrorCode.BAD_USER_INPUT, words % {"name": name, "max": MAX_PAGE})


def too_many(name: str) -> GraphQLError:
    """What to say to a list of input that is too long."""
    words = _("“%(name)s” takes at most %(max)d at once.")
    return refusal(ErrorCode.BAD_USER_INPUT, words % {"name": name, "max": MAX_PAGE})


def _is_cursor(text: str) -> bool:
    try:
        prefix, offset = from_base64(text)
        return prefix == PREFIX and 0 <= int(offset) <= MAX_OFFSET
    except ValueError:
        return False
