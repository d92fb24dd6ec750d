"""Lists under the rows of a list: the database numbers, counts and cuts them, for all rows in one query.

The library does so only for its own connection class, and counts an empty page row by row. Here the first row of each
list is always fetched, for it carries the count: a page costs the same wherever it begins, and “first: 0” asks for the
count alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Count, F, Model, OrderBy, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from graphql import FieldNode, GraphQLField, GraphQLResolveInfo
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.relay.types import PREFIX
from strawberry.relay.utils import from_base64
from strawberry_django import optimizer
from strawberry_django.fields.field import StrawberryDjangoConnectionExtension

ROW, TOTAL, BACK = "_page_row", "_page_total", "_page_back"
MAX_PAGE = 100
MAX_OFFSET = 10**9
IN_PAGES = StrawberryDjangoConnectionExtension
_load = optimizer._optimize_prefetch_queryset


class Page(NamedTuple):
    """Rows after number ``after`` and up to ``until``; of these, the last ``last``. Numbers count from 1."""

    after: int
    until: int | None
    last: int | None

    def holds(self, number: int, total: int) -> bool:
        """Whether the row with this number of so many is on it."""
        until = total if self.until is None else min(self.until, total)
        begin = self.after if self.last is None else max(self.after, until - self.last)
        return begin < number <= until


def page_of(given: Mapping[str, Any]) -> Page:
    """The page that arguments ask for, as Relay's specification cuts it, and never more than MAX_PAGE rows. Raises
    ValueError for what is no cursor."""
    after, until = _offset(given.get("after"), 0), _offset(given.get("before"), None)
    after += 1 if given.get("after") else 0
    first, last = given.get("first"), given.get("last")
    if first is None and last is None:
        first = MAX_PAGE
    if first is not None:
        end = after + max(0, min(first, MAX_PAGE))
        until = end if until is None else min(until, end)
    return Page(after, until, None if last is None else max(0, min(last, MAX_PAGE)))


def _offset(cursor: str | None, without: Any) -> Any:
    if not cursor:
        return without
    prefix, text = from_base64(cursor)
    if prefix != PREFIX or not 0 <= int(text) <= MAX_OFFSET:
        raise ValueError(cursor)
    return int(text)


def numbered(rows: QuerySet[Any], page: Page, related: str) -> QuerySet[Any]:
    """Of the rows of each parent the page, and the first; each with its number and how many there are."""
    order = [expression for expression, _sql in rows.query.get_compiler(using=rows.db).get_order_by()]
    order.append(F("pk").asc())  # so that rows of one moment do not change places between pages
    rows = rows.annotate(
        **{
            ROW: Window(RowNumber(), partition_by=related, order_by=order),
            TOTAL: Window(Count(1), partition_by=related),
        }
    ).order_by(ROW)
    wanted = Q(**{f"{ROW}__gt": page.after})
    if page.until is not None:
        wanted &= Q(**{f"{ROW}__lte": page.until})
    if page.last is not None:
        back = [_turned(expression) for expression in order]
        rows = rows.annotate(**{BACK: Window(RowNumber(), partition_by=related, order_by=back)})
        near = Q(**{f"{BACK}__lte": page.last})
        wanted &= near if page.until is None else near | Q(**{f"{ROW}__gt": page.until - page.last})
    return rows.filter(wanted | Q(**{ROW: 1}))


def _turned(order: OrderBy) -> OrderBy:
    """The other way round. Made anew: a copy would be taken for the same, as its identity is copied, too."""
    first, last = order.nulls_last, order.nulls_first
    return OrderBy(order.expression, descending=not order.descending, nulls_first=first, nulls_last=last)


def is_numbered(rows: Any) -> bool:
    """Whether these are rows that were loaded so. They are asked themselves: to look at their query would make Django
    write it, for each list anew."""
    if not isinstance(rows, QuerySet) or rows._result_cache is None or not optimizer.is_optimized_by_prefetching(rows):
        return False
    return not rows._result_cache or hasattr(rows._result_cache[0], ROW)


def _load_page(
    rows: QuerySet[Model], schema: Any, field: Any, parent_type: Any, node: FieldNode, **given: Any
) -> QuerySet[Model]:
    """As the library prepares what is loaded along, and cut, if it is a list in pages."""
    found = _load(rows, schema, field, parent_type, node, **given)
    related = given.get("related_field_id")
    if found is rows or related is None or not any(isinstance(e, IN_PAGES) for e in field.extensions):
        return found
    arguments = _arguments(parent_type.fields[node.name.value], node, given["info"])
    try:
        page = page_of(arguments)
    except ValueError:
        page = Page(0, 0, None)  # the list itself says what is wrong
    return optimizer.mark_optimized_by_prefetching(numbered(found, page, related))


def _arguments(definition: GraphQLField, node: FieldNode, info: GraphQLResolveInfo) -> dict[str, Any]:
    variables = VariableValues(sources={}, coerced=info.variable_values)
    return get_argument_values(definition, node, variables)


optimizer._optimize_prefetch_queryset = _load_page  # it has no place of its own to say how a list is cut
