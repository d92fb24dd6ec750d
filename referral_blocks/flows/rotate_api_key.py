"""A member of staff, or a system with a key that may, puts a new API key in the place of another."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from referral_blocks.access import services
from referral_blocks.access.models import ApiKey
from referral_blocks.access.rights import may_give
from referral_blocks.core.errors import NotAllowed

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def rotate_api_key(
    *, key: ApiKey, grace: timedelta = services.GRACE, actor: User | None = None, by: ApiKey | None = None
) -> tuple[ApiKey, str]:
    """The new key and its text, which is nowhere kept; the old one works on for ``grace``. ``actor`` has to be allowed
    all that the key is, and so has ``by``, the key that asks. Raises InvalidInput (path ``grace``), NotAllowed
    (``scopes``, ``id``) and NotPossibleNow for a key that was rotated before or is dead; then nothing is written."""
    if actor is not None and not all(may_give(actor, scope) for scope in key.scopes):
        raise NotAllowed(
            _("This key may do what you may not. Ask somebody with its rights to replace it."), path=("scopes",)
        )
    return services.rotate_api_key(key=key, grace=grace, created_by=actor, by=by)
