"""An operation that takes too long is given up: a query before its next SQL statement, mutations before the next one.

A mutation that has begun is never cut: half of it might have left the house. Nothing is asked a resolver, so that a
deadline costs nothing a field; what runs without SQL is bounded by the cost of the operation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, cast

from django.db import connections
from django.utils.translation import gettext as _
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema

from .errors import ErrorCode, refusal


def too_late() -> GraphQLError:
    return refusal(ErrorCode.TIMEOUT, _("This took too long and was given up. Ask for less at once."))


def is_too_late(error: GraphQLError) -> bool:
    return (error.extensions or {}).get("code") == ErrorCode.TIMEOUT.value


@contextmanager
def given_up_at(moment: float) -> Iterator[None]:
    """Refuse every SQL statement after ``moment`` of the monotonic clock with the error TIMEOUT."""

    def check(execute: Callable[..., Any], *given: Any) -> Any:
        if time.monotonic() > moment:
            raise too_late()
        return execute(*given)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(check))
        yield


def check_between_mutations(schema: GraphQLSchema) -> None:
    """Let no mutation of an operation begin after ``info.context.deadline``."""
    mutations = cast(GraphQLObjectType, schema.mutation_type)
    for field in mutations.fields.values():
        field.resolve = _in_time(cast(Callable[..., Any], field.resolve))


def _in_time(resolve: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(resolve)
    def resolve_in_time(source: Any, info: Any, **given: Any) -> Any:
        if time.monotonic() > getattr(info.context, "deadline", float("inf")):
            raise too_late()
        return resolve(source, info, **given)

    return resolve_in_time
