"""Runs an operation as graphql-core does, but for fields with a shortcut, of which most of an answer consists.

What to do for each field of a selection is laid down once an operation, and then done for every row. Whatever does not
go smoothly – a null where none may be, an unexpected class, an error – is left to graphql-core, which does that field
again from its beginning and has the last word on errors and nulls.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, Undefined
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.inspect import in_async_context
from strawberry_django.optimizer import DjangoOptimizerExtension

from .shortcuts import Shortcut, is_of, shortcuts_of


class Step:
    """One field of a selection: without ``shortcut`` it is graphql-core's. ``classes`` are those of objects that were
    found to be of the field's type, and ``plan`` is what is selected of them."""

    __slots__ = ("classes", "details", "plan", "shortcut")

    def __init__(self, details: FieldDetailsList, shortcut: Shortcut | None = None) -> None:
        self.details, self.shortcut = details, shortcut
        self.classes: set[type] = set()
        self.plan: Plan | None = None


# Name, how to read it, and the class or the way in which a leaf is written: what each row needs, and nothing more.
Field = tuple[str, Callable[[Any], Any] | None, type | None, Callable[[Any], Any] | None, Step]


class Plan(NamedTuple):
    """What to do for every object of one selection; ``selected`` is kept so that nothing else gets its id."""

    kind: GraphQLObjectType
    selected: GroupedFieldSet
    fields: list[Field]


class Executor(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._plans: dict[tuple[str, int], Plan] = {}
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
        """One object of the answer, as graphql-core asks for it."""
        if not self._shortcuts:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        return self._object(self._plan(parent_type, grouped_field_set), source_value, path, position_context)

    def _object(self, plan: Plan, row: Any, path: Any, context: Any) -> dict[str, Any]:
        """One object of the answer. ``path`` is made of plain tuples, which are cheaper than what they stand for."""
        results: dict[str, Any] = {}
        for name, read, as_is, write, step in plan.fields:
            if read is not None:
                try:
                    value = read(row)
                    if type(value) is as_is:
                        results[name] = value
                        continue
                    if write is not None:
                        results[name] = write(value)
                        continue
                    understood = _fits(step, value)
                except Exception:  # noqa: BLE001 - graphql-core meets it again, and says it as it has to be said
                    understood = False
                if understood:
                    results[name] = self._nested(step, value, (path, name, plan.kind.name), context)
                    continue
            result = self.execute_field(plan.kind, row, step.details, Path(_path(path), name, plan.kind.name), context)
            if result is not Undefined:
                results[name] = result
        return results

    def _nested(self, step: Step, value: Any, path: Any, context: Any) -> Any:
        """An object or a list of them; an error below goes as far up as the schema says."""
        if value is None:
            return None
        shortcut, plan = cast(Shortcut, step.shortcut), step.plan or self._plan_of(step)
        try:
            if shortcut.item is None:
                return self._object(plan, value, path, context)
            results: list[Any] = []
            for number, row in enumerate(value):
                try:
                    results.append(self._object(plan, row, (path, number, None), context))
                except Exception as error:  # noqa: BLE001 - as graphql-core does
                    self.handle_field_error(error, shortcut.item, step.details, Path(_path(path), number, None))
                    results.append(None)
            return results
        except Exception as error:  # noqa: BLE001 - as graphql-core does
            self.handle_field_error(error, shortcut.returns, step.details, cast(Path, _path(path)))
            return None

    def _plan(self, parent: GraphQLObjectType, selected: GroupedFieldSet) -> Plan:
        key = (parent.name, id(selected))
        if key not in self._plans:
            fields = [self._field(parent, name, details) for name, details in selected.items()]
            self._plans[key] = Plan(parent, selected, fields)
        return self._plans[key]

    def _plan_of(self, step: Step) -> Plan:
        kind = cast(GraphQLObjectType, cast(Shortcut, step.shortcut).kind)
        step.plan = self._plan(kind, self.collect_subfields(kind, step.details).grouped_field_set)
        return step.plan

    def _field(self, parent: GraphQLObjectType, name: str, details: FieldDetailsList) -> Field:
        node = details[0].node
        if node.name.value == "__typename":
            return (name, lambda _row: parent.name, str, None, Step(details))
        shortcut = self._shortcuts.get(parent.name, {}).get(node.name.value)
        if shortcut is None or (node.arguments and shortcut.asked is None):
            return (name, None, None, None, Step(details))
        read = shortcut.read
        try:
            for check in shortcut.checks:
                check(self.context_value)
            if shortcut.asked is not None:
                given = get_argument_values(parent.fields[node.name.value], node, self.variable_values)
                read = partial(read, page=shortcut.asked(given))
        except Exception:  # noqa: BLE001 - refused: graphql-core says so for each row
            return (name, None, None, None, Step(details))
        return (name, read, shortcut.as_is, shortcut.write, Step(details, shortcut))


def _fits(step: Step, value: Any) -> bool:
    """Whether the value is what the field's type says, so that what is selected can be read from it at once."""
    shortcut, classes = cast(Shortcut, step.shortcut), step.classes
    if value is None:
        return shortcut.returns is shortcut.kind
    if shortcut.item is None:
        return type(value) in classes or _learned(step, value)
    return type(value) is list and all(type(row) in classes or _learned(step, row) for row in value)


def _learned(step: Step, row: Any) -> bool:
    if not is_of(cast(Any, step.shortcut).kind, row):
        return False
    step.classes.add(type(row))
    return True


def _path(path: Any) -> Path | None:
    return path if path is None or isinstance(path, Path) else Path(_path(path[0]), path[1], path[2])
