"""Refuses page arguments that make no sense, before they reach the connection."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from strawberry.extensions.field_extension import FieldExtension, SyncExtensionResolver
from strawberry.relay.types import PREFIX
from strawberry.relay.utils import from_base64

from .context import Info
from .errors import ErrorCode, refusal

MAX_PAGE = 100
MAX_OFFSET = 10**9


class CheckedPage(FieldExtension):
    """``first`` and ``last`` from 0 to MAX_PAGE (which is also the default), and cursors that this API gave out."""

    def resolve(self, next_: SyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        for name in ("first", "last"):
            number = kwargs.get(name)
            if number is not None and not 0 <= number <= MAX_PAGE:
                raise refusal(
                    ErrorCode.BAD_USER_INPUT,
                    _("“%(name)s” has to be between 0 and %(max)d.") % {"name": name, "max": MAX_PAGE},
                )
        for name in ("after", "before"):
            if kwargs.get(name) and not _is_cursor(kwargs[name]):
                raise refusal(ErrorCode.BAD_USER_INPUT, _("“%(name)s” is not a cursor of this list.") % {"name": name})
        return next_(source, info, **kwargs)


def _is_cursor(text: str) -> bool:
    try:
        prefix, offset = from_base64(text)
        return prefix == PREFIX and 0 <= int(offset) <= MAX_OFFSET
    except ValueError:
        return False
