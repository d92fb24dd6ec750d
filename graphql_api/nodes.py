"""Relay's root fields: whatever has a global id, by that id.

Each type answers what its lists show to this caller, and null for everything else: nobody learns from an id whether
there is such a row. A type whose lists show only some rows of its table says which in ``reachable``.
"""

from __future__ import annotations

from typing import Annotated, Any

import strawberry
from django.db.models import Model, QuerySet
from graphql import GraphQLError
from strawberry import relay
from strawberry.types.cast import cast as as_type
from strawberry_django.optimizer import optimize
from strawberry_django.utils.typing import get_django_definition

from .access.scopes import key_of
from .connections import MAX_PAGE, too_many
from .context import Context, Info
from .errors import ErrorCode

Ids = Annotated[list[strawberry.ID], strawberry.argument(description=f"Global ids, at most {MAX_PAGE}.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]


@strawberry.type
class NodesQuery:
    @strawberry.field(
        description="Whatever has this global id; null for what does not exist and for what the caller may not see."
    )
    def node(self, info: Info, id: Id) -> relay.Node | None:  # noqa: A002 - the field’s argument
        return nodes_of([id], info)[0]

    @strawberry.field(
        description=f"What has these global ids, in their order, as node gives it; at most {MAX_PAGE} at once."
    )
    def nodes(self, info: Info, ids: Ids) -> list[relay.Node | None]:
        if len(ids) > MAX_PAGE:
            raise too_many("ids")
        return nodes_of(ids, info)


def nodes_of(ids: list[strawberry.ID], info: Info) -> list[relay.Node | None]:
    """As many queries as there are types among the ids."""
    given = [_parsed(text) for text in ids]
    wanted: dict[str, dict[str, None]] = {}
    for one in given:
        if one is not None:
            wanted.setdefault(one.type_name, {})[one.node_id] = None
    found = {name: _of_type(name, list(keys), info) for name, keys in wanted.items()}
    return [found[one.type_name].get(one.node_id) if one is not None else None for one in given]


def _parsed(text: str) -> relay.GlobalID | None:
    try:
        return relay.GlobalID.from_id(text)
    except relay.GlobalIDValueError:
        return None


def _of_type(name: str, keys: list[str], info: Info) -> dict[str, Any]:
    definition: Any = info.schema.get_type_by_name(name)
    kind = getattr(definition, "origin", None)
    if not isinstance(kind, type) or not issubclass(kind, relay.Node) or definition.is_interface:
        return {}
    django = get_django_definition(kind)
    if django is None:  # a view of something, which finds itself
        return dict(zip(keys, kind.resolve_nodes(info=info, node_ids=keys), strict=True))  # type: ignore[arg-type]
    rows = _rows(kind, django.model, info)
    if rows is None:
        return {}
    lookups: dict[str, Any] = {}
    for key in keys:
        try:
            lookups[key] = next(iter(key_of(django.model, key).items()))
        except (ValueError, OverflowError):
            continue
    return _found(kind, rows, lookups, info)


def _found(kind: type, rows: QuerySet[Any], lookups: dict[str, tuple[str, Any]], info: Info) -> dict[str, Any]:
    if not lookups:
        return {}
    field = next(iter(lookups.values()))[0]
    rows = rows.filter(**{f"{field}__in": [value for _field, value in lookups.values()]})
    by_value = {getattr(row, field): row for row in _loaded(kind, rows, info)}
    return {key: as_type(kind, by_value[value]) for key, (_field, value) in lookups.items() if value in by_value}


def _loaded(kind: type, rows: QuerySet[Any], info: Info) -> QuerySet[Any]:
    """With all that is asked of them, as in a list of this type: hints of other types over the same table would ask for
    what this caller may not see."""
    returned = info.schema._schema.type_map[kind.__strawberry_definition__.name]  # type: ignore[attr-defined]
    return optimize(rows, info._raw_info._replace(return_type=returned))  # type: ignore[no-any-return]


def whole(info: Info, name: str, row: Model, *, beside: QuerySet[Any]) -> Any:
    """The row as the type of this name, with all that is asked of it; None for whom its lists do not show it. Under a
    list, those ``beside`` it come along: as many queries for all as for one."""
    path = info.path
    in_list = path.prev is not None and isinstance(path.prev.key, int)
    way = tuple(step for step in path.as_list() if isinstance(step, str))
    found: dict[Any, Any] | None = info.context.wholes.get(way) if in_list else None
    if found is None:
        kind: Any = info.schema.get_type_by_name(name).origin  # type: ignore[union-attr]
        rows = _rows(kind, type(row), info)
        asked = beside if in_list else beside.filter(pk=row.pk)
        loaded = _loaded(kind, rows.filter(pk__in=asked.values("pk")), info) if rows is not None else ()
        found = info.context.wholes[way] = {one.pk: as_type(kind, one) for one in loaded}
    return found.get(row.pk)


def _rows(kind: Any, model: Any, info: Info) -> QuerySet[Any] | None:
    """What the caller may see of this type; None where that is nothing. A bearer token that does not hold is said to be
    so, whatever it asks for."""
    rows = kind.reachable(info) if hasattr(kind, "reachable") else model._default_manager.all()
    try:
        return kind.get_queryset(rows, info) if hasattr(kind, "get_queryset") else rows  # type: ignore[no-any-return]
    except GraphQLError as error:
        code = (error.extensions or {}).get("code")
        if code == ErrorCode.UNAUTHENTICATED.value and info.context.bearer and not _holds(info.context):
            raise
        return None


def _holds(context: Context) -> bool:
    """Whether the bearer token is somebody's, be it the wrong one's for what they ask."""
    try:
        return context.api_key is not None or bool(context.sessions)
    except GraphQLError:
        return False
