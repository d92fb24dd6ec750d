"""Writes the widest document for a type: all of its fields, and theirs, so that no relation is left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
    is_required_argument,
)

DEPTH = 3  # relations in a row
CONNECTION = "Connection"


def is_list(known: GraphQLField) -> bool:
    """A list, in pages or whole."""
    return is_list_type(get_nullable_type(known.type)) or get_named_type(known.type).name.endswith(CONNECTION)


def list_fields(schema: GraphQLSchema) -> set[str]:
    """Every list of the schema as Type.field: not what pages consist of, and not what a mutation says of one input."""
    return {
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__") and kind.name != "UserError"
        for name, known in kind.fields.items()
        if is_list(known) and not kind.name.endswith(("Payload", CONNECTION))
    }


@dataclass
class Writer:
    """``lists`` are those that were written down, as Type.field."""

    schema: GraphQLSchema
    lists: set[str] = field(default_factory=set)

    def of(self, name: str) -> str:
        """The selection of an object of the type."""
        return self._selection(self.schema.type_map[name], (), in_list=False)

    def only(self, name: str, field_name: str) -> str:
        """The selection of one of its fields, with all that is below."""
        kind = self.schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType), kind
        return f"{{ {self._field(kind, field_name, (), in_list=False)} }}"

    def _selection(self, kind: GraphQLNamedType, above: tuple[str, ...], *, in_list: bool) -> str:
        assert isinstance(kind, GraphQLObjectType), kind
        written = [self._field(kind, name, above, in_list=in_list) for name in kind.fields]
        return f"{{ __typename {' '.join(written)} }}"

    def _field(self, kind: GraphQLObjectType, name: str, above: tuple[str, ...], *, in_list: bool) -> str:
        known = kind.fields[name]
        if any(is_required_argument(argument) for argument in known.args.values()):
            return ""
        of = get_named_type(known.type)
        path = (*above, kind.name)
        pages = of.name.endswith(CONNECTION)
        node = self._node(of) if pages else of
        if is_leaf_type(of):
            text = name
        elif not is_object_type(node) or node.name in path or len(path) > DEPTH:
            return ""
        elif pages:
            # Of a list under a row one is enough: there are as many of them as rows.
            first = "first: 1" if in_list else "first: 100"
            inner = self._selection(node, path, in_list=True)
            text = f"{name}({first}) {{ totalCount pageInfo {{ hasNextPage }} edges {{ cursor node {inner} }} }}"
        else:
            text = f"{name} {self._selection(node, path, in_list=in_list or is_list(known))}"
        if is_list(known):
            self.lists.add(f"{kind.name}.{name}")
        return text

    def _node(self, connection: GraphQLNamedType) -> GraphQLNamedType:
        edge = get_named_type(connection.fields["edges"].type)  # type: ignore[attr-defined]
        return get_named_type(edge.fields["node"].type)
