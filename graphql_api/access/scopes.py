"""What a system or a member of staff has to be allowed to do before a field tells them anything, and of whose rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from strawberry import relay
from strawberry.extensions.field_extension import FieldExtension
from strawberry.types.field import StrawberryField

from graphql_api.context import Context, Info
from graphql_api.permissions import Worker, may_work, require_scope, require_worker
from referral_blocks.access.models import Scope
from referral_blocks.core.agent import acting_as
from referral_blocks.core.errors import NotFound

M = TypeVar("M", bound=Model)


class NeedsScope(FieldExtension):
    """The field is told only to a key of this site with ``scope``; its description says so. Staff need ``rights``, by
    default those that the scope is worth."""

    def __init__(self, scope: Scope, *rights: str) -> None:
        self.scope, self.rights = scope, rights

    def apply(self, field: StrawberryField) -> None:
        field.description = f"{field.description} Needs the scope {self.scope.value}."

    def check(self, context: Context) -> None:
        """Raises GraphQLError; the same for every row of one request."""
        require_scope(context, self.scope, *self.rights)

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, /, **given: Any) -> Any:
        self.check(info.context)
        return next_(source, info, **given)


def needs(scope: Scope) -> str:
    """What the description of a mutation says about who may use it."""
    return (
        f"Needs an API key with the scope {scope.value}, or staff with the right to do it in the admin; else the error "
        "is UNAUTHENTICATED or FORBIDDEN, and nothing is written."
    )


def needs_person() -> str:
    """The same of one that no key may use."""
    return (
        "Only for staff with the right to do it in the admin, whatever an API key may do; else the error is "
        "UNAUTHENTICATED or FORBIDDEN, and nothing is written."
    )


class Record:
    """A row as the site’s own systems and staff read it. Whichever way it is asked for – in a list, under another row,
    by its global id – it is given only to a key with ``scope`` or to staff with ``rights``, by default those that the
    scope is worth, and only when it is of this site. The field that leads to it says that it is FORBIDDEN: were that
    said here, a list would be refused whole for what is asked of each of its rows."""

    scope = Scope.KEYS_WRITE
    rights: tuple[str, ...] = ()
    site_path = "program__site"
    order: tuple[str, ...] = ()  # of its lists, where its table has none

    @classmethod
    def get_queryset(cls, queryset: QuerySet[M], info: Info, **_given: Any) -> QuerySet[M]:
        worker = require_worker(info.context)
        if not may_work(worker, cls.scope, *cls.rights):
            return queryset.none()
        rows = queryset.filter(**{cls.site_path: worker.site_id})
        return rows.order_by(*cls.order) if cls.order else rows


@contextmanager
def at_work(context: Context, scope: Scope, *rights: str) -> Iterator[Worker]:
    """The caller, as require_scope; a key's name is kept in every audit row that is written inside, and a mutation
    hands ``user`` to its flow."""
    worker = require_scope(context, scope, *rights)
    with acting_as(worker.key.agent_name) if worker.key is not None else nullcontext():
        yield worker


def row_of(rows: QuerySet[M], given: relay.GlobalID, kind: type[Any], *, path: str = "id") -> M:
    """The row that a global id of the type ``kind`` names; raises NotFound for every other one."""
    missing = NotFound(_("There is no such thing on this site."), path=(path,))
    if given.type_name != kind.__name__:
        raise missing
    try:
        row = rows.filter(**key_of(rows.model, given.node_id)).first()
    except (ValueError, OverflowError):
        raise missing from None
    if row is None:
        raise missing
    return row


def of_site(by: Worker, model: type[M], given: relay.GlobalID, kind: type[Any]) -> M:
    """The row of one of the site's programmes that a global id of the type ``kind`` names; raises NotFound."""
    return row_of(model._default_manager.filter(program__site=by.site_id), given, kind)


def key_of(model: type[Model], node_id: str) -> dict[str, Any]:
    """The look-up of what a global id says: the public id where the model has one. Raises ValueError for what no row
    of this model can have."""
    if any(field.name == "public_id" for field in model._meta.concrete_fields):
        return {"public_id": UUID(node_id)}
    number = int(node_id)
    if not 0 < number < 2**63:
        raise ValueError
    return {"pk": number}
