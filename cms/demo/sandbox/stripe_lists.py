"""Stripe's v1 lists: newest first, a page after or before a known object."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from .stripe_errors import error, no_such
from .stripe_params import whole
from .wire import Answer, json_answer


class Numbered(Protocol):
    """A row that knows its place in the order of creation."""

    id: str
    number: int


Row = TypeVar("Row", bound=Numbered)


def page_of(
    rows: Sequence[Row],
    params: Mapping[str, Any],
    *,
    url: str,
    known: Mapping[str, Row],
    what: str,
    fits: Callable[[Row], bool] = lambda row: True,
    shown: Callable[[Row], dict[str, Any]],
) -> Answer:
    """One page of ``rows``, which are oldest first; the cost does not grow with what lies before the page."""
    limit = whole(params, "limit", least=1) if "limit" in params else 10
    if limit > 100:
        raise error(400, "parameter_invalid_integer", "At most 100 a page.", param="limit")
    if "ending_before" in params:
        start = bisect_right(rows, _cursor(params, "ending_before", known, what), key=lambda row: row.number)
        found, more = _take((rows[at] for at in range(start, len(rows))), limit, fits)
        found.reverse()
    else:
        end = len(rows)
        if "starting_after" in params:
            end = bisect_left(rows, _cursor(params, "starting_after", known, what), key=lambda row: row.number)
        found, more = _take((rows[at] for at in range(end - 1, -1, -1)), limit, fits)
    return json_answer({"object": "list", "url": url, "has_more": more, "data": [shown(row) for row in found]})


def _cursor(params: Mapping[str, Any], name: str, known: Mapping[str, Row], what: str) -> int:
    row = known.get(params[name])
    if row is None:
        raise no_such(what, params[name], param=name, status=400)
    return row.number


def _take(rows: Any, limit: int, fits: Callable[[Row], bool]) -> tuple[list[Row], bool]:
    found: list[Row] = []
    for row in rows:
        if fits(row):
            if len(found) == limit:
                return found, True
            found.append(row)
    return found, False
