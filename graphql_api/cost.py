"""What an operation may cost, before it runs: every field counts one, times the lengths of the lists it stands in.

A list in pages counts as long as ``first`` or ``last`` says, and without them as long as it then is; any other counts
as LIST, or what SIZES says. A mutation counts MUTATION more. Of fragments on different types of one union or
interface only the dearest counts, for an object is of one type. Each fragment is measured once for each length it is
used with, so that the measure takes linear time, whatever the document. docs/concepts/graphql-limits.md has examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_object_type,
)
from graphql.language.ast import SelectionNode, SelectionSetNode, ValueNode

from .connections import MAX_PAGE

LIST = 20
MUTATION = 50
# Reading the schema: the whole of it, one type of it. It says nothing of the data and is not measured field by field.
META = {"__schema": 500, "__type": 50, "__typename": 0}
SIZES = {"Statistics.buckets": 100, "Statistics.cohorts": 60, "Cohort.months": 60}  # lists that are longer by nature
LENGTHS = ("first", "last", "limit")
IDS = "ids"  # a list that gives one for each
MAX_DIGITS = 20  # far above any length


@dataclass(slots=True)
class Measure:
    """One operation of a valid document; ``constant`` is False when its cost depends on a variable."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    constant: bool = True
    _known: dict[tuple[str, int | None], int] = field(default_factory=dict)

    def selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType, length: int | None) -> int:
        total, of_type = 0, dict[str, int]()
        for node in (selections.selections if selections else None) or ():
            if isinstance(node, FieldNode):
                total += self.field(node, parent, length)
                continue
            kind, cost = self.fragment(node, parent, length)
            if is_object_type(kind) and is_abstract_type(parent):
                of_type[kind.name] = of_type.get(kind.name, 0) + cost
            else:
                total += cost
        return total + max(of_type.values(), default=0)

    def fragment(
        self, node: SelectionNode, parent: GraphQLNamedType, length: int | None
    ) -> tuple[GraphQLNamedType, int]:
        if isinstance(node, InlineFragmentNode):
            on = node.type_condition
            kind = self.schema.type_map[on.name.value] if on else parent
            return kind, self.selection(node.selection_set, kind, length)
        name = cast(FragmentSpreadNode, node).name.value
        fragment = self.fragments[name]
        kind = self.schema.type_map[fragment.type_condition.name.value]
        key = (name, length)
        if key not in self._known:
            self._known[key] = self.selection(fragment.selection_set, kind, length)
        return kind, self._known[key]

    def field(self, node: FieldNode, parent: GraphQLNamedType, length: int | None) -> int:
        """``length`` is how many items the connection around this field gives; None where there is none."""
        name = node.name.value
        if name in META:
            return META[name]
        definition = cast(GraphQLObjectType, parent).fields[name]
        kind = get_named_type(definition.type)
        own = self.length(node, definition)
        times, inner = 1, own
        if is_list_type(get_nullable_type(definition.type)):
            known = length if own is None else own
            times, inner = SIZES.get(f"{parent.name}.{name}", LIST) if known is None else known, None
        extra = MUTATION if parent is self.schema.mutation_type else 0
        return 1 + extra + times * self.selection(node.selection_set, kind, inner)

    def length(self, node: FieldNode, definition: GraphQLField) -> int | None:
        """How many items the field is asked for, or None for one that takes no length."""
        if IDS in definition.args:
            return self.items(next((a.value for a in node.arguments or () if a.name.value == IDS), None))
        takes = [name for name in LENGTHS if name in definition.args and _is_int(definition.args[name])]
        if not takes:
            return None
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        asked = [self.number(given[name]) if name in given else _default(definition.args[name]) for name in takes]
        lengths = [number for number in asked if number is not None]
        return max(0, min(lengths)) if lengths and min(lengths) <= MAX_PAGE else MAX_PAGE

    def items(self, value: ValueNode | None) -> int:
        """How many a list of input holds, at most MAX_PAGE: a longer one is refused."""
        if isinstance(value, VariableNode):
            self.constant = False
            given = self.variables.get(value.name.value)
            return min(len(given), MAX_PAGE) if isinstance(given, list) else 1
        return min(len(value.values or ()), MAX_PAGE) if isinstance(value, ListValueNode) else 1

    def number(self, value: ValueNode) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, VariableNode):
            self.constant = False
            number = self.variables.get(value.name.value)
            return number if isinstance(number, int) else None
        return None


def _is_int(argument: GraphQLArgument) -> bool:
    return get_named_type(argument.type) is GraphQLInt


def _default(argument: GraphQLArgument) -> int | None:
    """What the argument is when nobody gives it, be it kept as it is or as it is written."""
    given = getattr(argument.default, "value", argument.default_value)
    literal = getattr(argument.default, "literal", None)
    if isinstance(literal, IntValueNode):
        return int(literal.value)
    return given if isinstance(given, int) else None


def _written(default: ValueNode | None) -> int | list[Any] | None:
    """What a variable is when nobody gives it, as far as it can be a length or a list. An id may be a number that is
    longer than Python reads."""
    if isinstance(default, IntValueNode) and len(default.value) < MAX_DIGITS:
        return int(default.value)
    return list(default.values or ()) if isinstance(default, ListValueNode) else None


def measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
) -> tuple[int, bool]:
    """What the operation of this valid document costs at most, and whether that is so with any variables."""
    given = {
        definition.variable.name.value: _written(definition.default_value)
        for definition in operation.variable_definitions or ()
    }
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = cast(GraphQLObjectType, schema.get_root_type(operation.operation))
    measuring = Measure(schema, fragments, {**given, **(variables or {})})
    return measuring.selection(operation.selection_set, root, None), measuring.constant
