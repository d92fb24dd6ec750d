"""Lists in pages: a relay connection that counts, with a limit, and with clear words for arguments that make no
sense."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

import strawberry
from django.utils.translation import gettext as _
from graphql import GraphQLError
from strawberry import relay
from strawberry.relay.types import NodeIterableType
from strawberry_django.relay import DjangoListConnection
from strawberry_django.relay.utils import resolve_edge_class

from .context import Info
from .errors import ErrorCode, refusal
from .nested import ROW, TOTAL, Page, is_numbered, page_of

MAX_PAGE = 100


@strawberry.type(name="Connection", description="A list in pages.")
class Pages(DjangoListConnection[relay.NodeType]):
    """``first`` and ``last`` go from 0 to MAX_PAGE, which is also the default; cursors are those that this API gave."""

    counted: strawberry.Private[int | None] = None

    @strawberry.field(description="How many there are in all, whatever page this is.")
    def total_count(self) -> int:
        # Every list of ours is a query or a sequence: there is always something to count.
        return self.counted if self.counted is not None else super().total_count()  # type: ignore[return-value]

    @classmethod
    def resolve_connection(cls, nodes: NodeIterableType[relay.NodeType], *, info: Info, **given: Any) -> Self:
        page = cls.asked(given)
        if is_numbered(nodes):
            return cls.of_numbered(nodes, page)
        return super().resolve_connection(nodes, info=info, **given)  # type: ignore[return-value]

    @staticmethod
    def asked(given: Mapping[str, Any]) -> Page:
        """What the arguments ask for; raises GraphQLError where that makes no sense."""
        for name in ("first", "last"):
            if given.get(name) is not None and not 0 <= given[name] <= MAX_PAGE:
                raise out_of_range(name)
        for name in ("after", "before"):
            if given.get(name) and not _is_cursor(given[name]):
                raise refusal(ErrorCode.BAD_USER_INPUT, _("“%(name)s” is not a cursor of this list.") % {"name": name})
        return page_of(given)

    @classmethod
    def of_numbered(cls, rows: Any, page: Page) -> Self:
        """The page of a list that stands under a row and was loaded along with it (graphql_api/nested.py)."""
        found = rows._result_cache
        total = getattr(found[0], TOTAL) if found else 0
        shown = [(row, number) for row in found if page.holds(number := getattr(row, ROW), total)]
        edge = _edge_of(cls)
        edges = [edge.resolve_edge(row, cursor=number - 1) for row, number in shown]
        page_info = relay.PageInfo(
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
            has_previous_page=bool(shown) and shown[0][1] > 1,
            has_next_page=bool(shown) and shown[-1][1] < total,
        )
        connection = cls(edges=edges, page_info=page_info)
        connection.nodes, connection.counted = rows, total
        return connection


_edge_of = cache(resolve_edge_class)


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
        page_of({"after": text})
    except ValueError:
        return False
    return True
