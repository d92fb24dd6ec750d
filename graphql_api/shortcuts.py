"""Fields that are read in one step: a column, a loaded relation, an attribute, a resolver that takes only its row.

The library asks about twenty functions for each field of each row, whatever the field is. What a field needs is known
once the schema is made, so it is found out here, once; the executor then reads such a field by one call. A field that
this does not understand has no shortcut, and whatever goes wrong on one sends the executor the library's own way.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from inspect import Parameter
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseManyToOneDescriptor
from django.db.models.manager import BaseManager
from django.db.models.query_utils import DeferredAttribute
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
)
from strawberry import relay
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import (
    CLS_PARAMSPEC,
    INFO_PARAMSPEC,
    PARENT_PARAMSPEC,
    ROOT_PARAMSPEC,
    SELF_PARAMSPEC,
    StrawberryResolver,
)
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.optimizer import is_optimized_by_prefetching
from strawberry_django.relay.utils import resolve_model_id

from .nested import IN_PAGES, Page, is_numbered

KEY = "referral_blocks.shortcuts"
LIBRARY = "GraphQLCoreConverter.from_resolver"
AS_IS: Mapping[str, type] = {"Boolean": bool, "ID": str, "String": str}  # what graphql-core writes unchanged
Read = Callable[[Any], Any]


class NoShortcut(Exception):
    """The value has to be read the library's way."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """``checks`` take the request's context and raise what the field would; they say the same for every row.

    A leaf of the class ``as_is`` goes into the answer as it is, any other by ``write``. Otherwise the field is an
    object of the type ``kind``, or a list of them, whose ``item`` type then says whether they may be null. Of a list in
    pages, ``asked`` makes the page out of the field's arguments, and ``read`` takes it.
    """

    read: Callable[..., Any]
    returns: GraphQLOutputType
    checks: tuple[Callable[[Any], None], ...] = ()
    as_is: type | None = None
    write: Callable[[Any], Any] | None = None
    kind: GraphQLObjectType | None = None
    item: GraphQLOutputType | None = None
    asked: Callable[[Mapping[str, Any]], Page] | None = None


def add_shortcuts(schema: GraphQLSchema) -> None:
    """Find out which fields of the schema's types can be read in one step; those of an operation's root never are."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    found = {
        kind.name: {name: shortcut for name, field in kind.fields.items() if (shortcut := _shortcut(kind, field))}
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and kind not in roots
    }
    schema.extensions = {**schema.extensions, KEY: found}


def shortcuts_of(schema: GraphQLSchema) -> Mapping[str, Mapping[str, Shortcut]]:
    """Type name → field name → shortcut."""
    found: Mapping[str, Mapping[str, Shortcut]] = schema.extensions.get(KEY, {})
    return found


def _shortcut(kind: GraphQLObjectType, field: GraphQLField) -> Shortcut | None:
    known, owner = field.extensions.get("strawberry-definition"), kind.extensions.get("strawberry-definition")
    if not isinstance(known, StrawberryField) or not isinstance(owner, StrawberryObjectDefinition):
        return None
    if not getattr(field.resolve, "__qualname__", "").startswith(LIBRARY) or known.is_async:
        return None  # somebody has put something around it
    pages = next((one for one in known.extensions if isinstance(one, IN_PAGES)), None)
    checks = [getattr(extension, "check", None) for extension in known.extensions if extension is not pages]
    if None in checks:
        return None
    read = _read_page(known, owner, pages) if pages else _read(known, owner)
    if read is None:
        return None
    shortcut = _written(read, field.type, tuple(checks))  # type: ignore[arg-type] # no None in it
    return replace(shortcut, asked=pages.connection_type.asked) if shortcut and pages else shortcut


def _written(read: Read, returns: GraphQLOutputType, checks: tuple[Callable[[Any], None], ...]) -> Shortcut | None:
    may_be_null = not isinstance(returns, GraphQLNonNull)
    kind: Any = returns if may_be_null else returns.of_type  # type: ignore[union-attr]
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return Shortcut(read, returns, checks, AS_IS.get(kind.name), _writer(kind, may_be_null=may_be_null))
    item = kind.of_type if isinstance(kind, GraphQLList) else None
    if item is not None:
        kind = item.of_type if isinstance(item, GraphQLNonNull) else item
    return Shortcut(read, returns, checks, kind=kind, item=item) if isinstance(kind, GraphQLObjectType) else None


def _writer(kind: GraphQLScalarType | GraphQLEnumType, *, may_be_null: bool) -> Callable[[Any], Any]:
    coerce, names = kind.coerce_output_value, _names(kind) if isinstance(kind, GraphQLEnumType) else {}

    def write(value: Any) -> Any:
        if value is None:
            if may_be_null:
                return None
            raise NoShortcut
        written = names.get(value) or coerce(value)
        if written is None or written is Undefined:
            raise NoShortcut
        return written

    def write_scalar(value: Any) -> Any:
        if value is None and may_be_null:
            return None
        written = coerce(value)
        if written is None or written is Undefined:
            raise NoShortcut
        return written

    return write if names else write_scalar


def _names(kind: GraphQLEnumType) -> dict[Any, str]:
    """What an enum is written as: its members, and their values, which is what rows hold."""
    values = {value.value: name for name, value in kind.values.items()}
    members = {member: values[member.value] for member in getattr(kind, "wrapped_cls", ()) if member.value in values}
    return {**values, **members}


def is_of(kind: GraphQLObjectType, row: Any) -> bool:
    """Whether the row is an object of the type. What is one, is known by its class."""
    odd = isinstance(row, Exception | QuerySet | BaseManager) or hasattr(row, "__await__")
    return not odd and (kind.is_type_of is None or bool(kind.is_type_of(row, None)))  # type: ignore[arg-type]


def _read(field: StrawberryField, owner: StrawberryObjectDefinition) -> Read | None:
    if field.base_resolver is not None:
        return _node_id(owner) if _is_node_id(field.base_resolver) else _call(field.base_resolver)
    if not isinstance(field, StrawberryDjangoField):
        return attrgetter(field.python_name)
    model = _model(owner)
    name = field.django_name or field.python_name
    return _read_model(getattr(model, name, None), name) if model else None


def _read_model(attribute: Any, name: str) -> Read | None:
    """What Django keeps in the row already; KeyError where it would have to be loaded."""
    if type(attribute) is DeferredAttribute:
        column = attribute.field.attname
        return lambda row: row.__dict__[column]
    if isinstance(attribute, ForwardManyToOneDescriptor):
        cached = attribute.field.cache_name
        return lambda row: row._state.fields_cache[cached]
    if type(attribute) is ReverseManyToOneDescriptor:
        return _loaded(attribute.rel.cache_name)
    return attrgetter(name) if isinstance(attribute, property) else None


def _loaded(cached: str) -> Read:
    def read(row: Any) -> Any:
        rows = row._prefetched_objects_cache[cached]
        if rows._result_cache is None or not is_optimized_by_prefetching(rows):
            raise NoShortcut
        return rows._result_cache

    return read


def _model(owner: StrawberryObjectDefinition) -> Any:
    return getattr(getattr(owner.origin, "__strawberry_django_definition__", None), "model", None)


def _read_page(field: StrawberryField, owner: StrawberryObjectDefinition, pages: Any) -> Callable[..., Any] | None:
    """A list in pages under a row, loaded along with those of all rows; only the library’s own resolver gives it."""
    attribute = getattr(_model(owner), getattr(field, "django_name", None) or field.python_name, None)
    own = field.base_resolver is not None and not hasattr(field.base_resolver.wrapped_func, "can_optimize")
    if type(attribute) is not ReverseManyToOneDescriptor or own:
        return None
    cached, connection = attribute.rel.cache_name, pages.connection_type

    def read(row: Any, *, page: Page) -> Any:
        rows = row._prefetched_objects_cache[cached]
        if not is_numbered(rows):
            raise NoShortcut
        return connection.of_numbered(rows, page)

    return read


def _call(resolver: StrawberryResolver[Any]) -> Read | None:
    """The resolver itself, if it takes nothing but its row; arguments have to be ones that may be left out."""
    if resolver.is_async or not callable(resolver.wrapped_func):
        return None
    reserved = resolver.reserved_parameters
    if reserved[INFO_PARAMSPEC] is not None or reserved[CLS_PARAMSPEC] is not None:
        return None
    rows = {p.name for spec in (SELF_PARAMSPEC, ROOT_PARAMSPEC, PARENT_PARAMSPEC) if (p := reserved[spec])}
    parameters = list(resolver.signature.parameters.values())
    if {p.name for p in parameters[: len(rows)]} != rows or any(p.kind in OPEN for p in parameters):
        return None
    if any(p.default is Parameter.empty for p in parameters[len(rows) :]):
        return None
    function = resolver.wrapped_func
    if len(rows) == 2:
        return lambda row: function(row, row)
    return function if len(rows) == 1 else None


OPEN = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD, Parameter.KEYWORD_ONLY)


def _is_node_id(resolver: StrawberryResolver[Any]) -> bool:
    known = relay.Node.__strawberry_definition__.get_field("_id")  # type: ignore[attr-defined]
    return getattr(resolver.wrapped_func, "__func__", None) is getattr(known.base_resolver.wrapped_func, "__func__", 0)


def _node_id(owner: StrawberryObjectDefinition) -> Read | None:
    """The global id of a row whose key is a column; as relay.Node makes it."""
    origin: Any = owner.origin
    typename = getattr(origin.resolve_typename, "__func__", None)
    if getattr(origin.resolve_id, "__func__", None) is not resolve_model_id:
        return None
    if typename is not relay.Node.resolve_typename.__func__:  # type: ignore[attr-defined]
        return None
    name = origin.resolve_id_attr()
    model = origin.__strawberry_django_definition__.model
    column, prefix = model._meta.pk.attname if name == "pk" else name, f"{owner.name}:"
    return lambda row: b64encode(f"{prefix}{row.__dict__[column]}".encode()).decode()
