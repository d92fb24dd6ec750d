"""What an API key has to be allowed to do before a field tells it anything, and whose rows it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from strawberry import relay
from strawberry.extensions.field_extension import FieldExtension
from strawberry.types.field import StrawberryField

from graphql_api.context import Context, Info
from graphql_api.permissions import require_api_key
from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.core.agent import acting_as
from referral_blocks.core.errors import NotFound

M = TypeVar("M", bound=Model)


class NeedsScope(FieldExtension):
    """The field is told only to a key of this site with ``scope``; its description says so."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def apply(self, field: StrawberryField) -> None:
        field.description = f"{field.description} Needs the scope {self.scope.value}."

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, /, **given: Any) -> Any:
        require_api_key(info.context, self.scope)
        return next_(source, info, **given)


class Record:
    """A row as the site’s own systems read it. Whichever way it is asked for – in a list, under another row, by its
    global id – it is given only to a key with ``scope``, and only when it is of the key’s site."""

    scope = Scope.KEYS_WRITE
    site_path = "program__site"

    @classmethod
    def get_queryset(cls, queryset: QuerySet[M], info: Info, **_given: Any) -> QuerySet[M]:
        key = require_api_key(info.context, cls.scope)
        return queryset.filter(**{cls.site_path: key.site_id})


def require_key_of_site(context: Context) -> ApiKey:
    """The caller's API key, if it is one of this site's, whatever it may do."""
    key = context.api_key
    # Any scope that the key has will do: what is left is whether there is one, and whose it is.
    return require_api_key(context, Scope(key.scopes[0]) if key and key.scopes else Scope.KEYS_WRITE)


@contextmanager
def key_at_work(context: Context, scope: Scope) -> Iterator[ApiKey]:
    """The caller's key, whose name is kept in every audit row that is written inside."""
    key = require_api_key(context, scope)
    with acting_as(key.agent_name):
        yield key


def row_of(rows: QuerySet[M], given: relay.GlobalID, kind: type[Any], *, path: str = "id") -> M:
    """The row that a global id of the type ``kind`` names; raises NotFound for every other one."""
    missing = NotFound(_("There is no such thing on this site."), path=(path,))
    if given.type_name != kind.__name__:
        raise missing
    try:
        row = rows.filter(**_key(rows.model, given.node_id)).first()
    except (ValueError, OverflowError):
        raise missing from None
    if row is None:
        raise missing
    return row


def _key(model: type[Model], node_id: str) -> dict[str, Any]:
    """The look-up of what a global id says: the public id where the model has one."""
    if any(field.name == "public_id" for field in model._meta.concrete_fields):
        return {"public_id": UUID(node_id)}
    number = int(node_id)
    if not 0 < number < 2**63:
        raise ValueError
    return {"pk": number}
