"""Runs an operation as graphql-core does, but for fields with a shortcut, of which most of an answer consists.

What to do for each field of a selection is laid down once an operation, and then done for every row. Whatever does not
go smoothly – a null where none may be, an unexpected class, an error – is left to graphql-core, which does that field
again from its beginning and has the last word on errors and nulls.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from graphql import GraphQLObjectType, GraphQLOutputType
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, Undefined
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.inspect import in_async_context
from strawberry_django.optimizer import DjangoOptimizerExtension

from .shortcuts import Read, fits, shortcuts_of


class Step(NamedTuple):
    """One field of a selection: the shortcut, in the order in which it is used, and what is selected of an object.
    Without ``read`` it is graphql-core's."""

    name: str
    details: FieldDetailsList
    read: Read | None = None
    as_is: type | None = None
    write: Callable[[Any], Any] | None = None
    returns: GraphQLOutputType | None = None
    kind: GraphQLObjectType | None = None
    item: GraphQLOutputType | None = None
    selected: GroupedFieldSet | None = None


class Executor(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._steps: dict[tuple[str, int], tuple[GroupedFieldSet, list[Step]]] = {}
        self._known: dict[tuple[str, type], bool] = {}
        # A shortcut goes past what stands around every resolver: only the optimizer may, which looks at querysets.
        around = self.middleware_manager.middlewares if self.middleware_manager else ()
        understood = all(isinstance(one, DjangoOptimizerExtension) for one in around or ())
        self._shortcuts = shortcuts_of(self.schema) if understood and not in_async_context() else {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        """One object of the answer."""
        if not self._shortcuts:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        results: dict[str, Any] = {}
        type_name = parent_type.name
        for step in self._plan(parent_type, grouped_field_set):
            name, details, read, as_is, write, _returns, _kind, _item, _selected = step
            if read is not None:
                try:
                    value = read(source_value)
                    if type(value) is as_is:
                        results[name] = value
                        continue
                    if write is not None:
                        results[name] = write(value)
                        continue
                    understood = self._fits(step, value)
                except Exception:  # noqa: BLE001 - graphql-core meets it again, and says it as it has to be said
                    understood = False
                if understood:
                    results[name] = self._object(step, value, Path(path, name, type_name), position_context)
                    continue
            field_path = Path(path, name, type_name)
            result = self.execute_field(parent_type, source_value, details, field_path, position_context)
            if result is not Undefined:
                results[name] = result
        return results

    def _plan(self, parent: GraphQLObjectType, fields: GroupedFieldSet) -> list[Step]:
        """What to do for the fields of one selection. They are kept with it, so that nothing else gets their id."""
        key = (parent.name, id(fields))
        if key not in self._steps:
            self._steps[key] = (fields, [self._step(parent, name, details) for name, details in fields.items()])
        return self._steps[key][1]

    def _step(self, parent: GraphQLObjectType, name: str, details: FieldDetailsList) -> Step:
        node = details[0].node
        if node.name.value == "__typename":
            return Step(name, details, lambda _row: parent.name, str)
        shortcut = self._shortcuts.get(parent.name, {}).get(node.name.value)
        if shortcut is None or (node.arguments and shortcut.asked is None):
            return Step(name, details)
        read = shortcut.read
        try:
            for check in shortcut.checks:
                check(self.context_value)
            if shortcut.asked is not None:
                given = get_argument_values(parent.fields[node.name.value], node, self.variable_values)
                read = partial(read, page=shortcut.asked(given))
        except Exception:  # noqa: BLE001 - refused: graphql-core says so for each row
            return Step(name, details)
        selected = None
        if shortcut.kind is not None:
            selected, deferred, _forbidden = self.collect_subfields(shortcut.kind, details)
            if deferred:
                return Step(name, details)
        return Step(
            name,
            details,
            read,
            shortcut.as_is,
            shortcut.write,
            shortcut.returns,
            shortcut.kind,
            shortcut.item,
            selected,
        )

    def _fits(self, step: Step, value: Any) -> bool:
        """Whether the value is what the field's type says, so that what is selected can be read from it at once."""
        kind, known = step.kind, self._known
        if kind is None:
            return False
        if step.item is not None:
            return type(value) is list and all(fits(kind, row, known) for row in value)
        return step.returns is kind if value is None else fits(kind, value, known)

    def _object(self, step: Step, value: Any, path: Path, position_context: Any) -> Any:
        """An object or a list of them; an error below goes as far up as the schema says."""
        try:
            if value is None:
                return None
            if step.item is None:
                return self.execute_fields(step.kind, value, path, step.selected, position_context)  # type: ignore[arg-type]
            return [self._item(step, row, Path(path, n, None), position_context) for n, row in enumerate(value)]
        except Exception as error:  # noqa: BLE001 - as graphql-core does
            self.handle_field_error(error, step.returns, step.details, path)  # type: ignore[arg-type]
            return None

    def _item(self, step: Step, row: Any, path: Path, position_context: Any) -> Any:
        try:
            return self.execute_fields(step.kind, row, path, step.selected, position_context)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - as graphql-core does
            self.handle_field_error(error, step.item, step.details, path)  # type: ignore[arg-type]
            return None
