"""What stands between a valid operation and its resolvers: its cost, what the caller may spend, their Idempotency-Key,
and the time it may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import lru_cache
from typing import cast

from django.utils.translation import gettext as _
from graphql import DefinitionNode, DocumentNode, OperationDefinitionNode, OperationType, get_operation_ast
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ExecutionContext, ExecutionResult

from referral_blocks.core.conf import get_conf

from . import idempotency
from .context import Context
from .cost import measure
from .deadline import given_up_at
from .large import check_large
from .limits import is_kept
from .operation import RequestRefused
from .rate import charge, refuse_cost


class Guard(SchemaExtension):
    """Runs after validation. What it refuses is in ``context.instead``, and no resolver has run."""

    def on_execute(self) -> Iterator[None]:
        execution, context = self.execution_context, self.execution_context.context
        if not isinstance(context, Context):
            yield
            return
        document = cast(DocumentNode, execution.graphql_document)
        operation = cast(OperationDefinitionNode, get_operation_ast(document, execution.operation_name))
        is_read = operation.operation is not OperationType.MUTATION
        try:
            _refuse_ambiguity(execution, document)
            check_large(context, document, operation)
            context.cost = _cost(execution, document, operation)
            refuse_cost(context.cost)
            charge(context, context.cost - 1)  # the view has counted one for the request
            if not is_read:
                idempotency.begin(context, document, operation, execution.variables)
        except RequestRefused as refused:
            context.instead = refused
        if context.instead is not None:
            execution.result = ExecutionResult(data=None, errors=[])
        seconds = get_conf().API_TIMEOUT_SECONDS
        context.deadline = time.monotonic() + seconds
        with given_up_at(context.deadline) if is_read else nullcontext():
            yield


def _refuse_ambiguity(execution: ExecutionContext, document: DocumentNode) -> None:
    """Raises RequestRefused for several operations of which none is named (GraphQL §6.1): strawberry runs the first."""
    if execution._provided_operation_name is None and sum(map(_is_operation, document.definitions)) > 1:
        raise RequestRefused(400, _("The document has several operations: say which with “operationName”."))


def _is_operation(definition: DefinitionNode) -> bool:
    return isinstance(definition, OperationDefinitionNode)


class _Known:
    """What is known of a text: the costs of its operations that depend on no variable."""

    def __init__(self) -> None:
        self.costs: dict[str | None, int] = {}


@lru_cache(maxsize=256)
def _known(text: str) -> _Known:
    return _Known()


def _cost(execution: ExecutionContext, document: DocumentNode, operation: OperationDefinitionNode) -> int:
    """At least one. Measured once for a text, unless its lists are as long as variables say."""
    known = _known(execution.query or "") if is_kept(execution.query) else _Known()
    name = execution.operation_name
    if name in known.costs:
        return known.costs[name]
    cost, constant = measure(execution.schema._schema, document, operation, execution.variables)
    cost = max(1, cost)
    if constant:
        known.costs[name] = cost
    return cost
