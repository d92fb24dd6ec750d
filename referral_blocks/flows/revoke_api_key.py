"""A member of staff, or a system with a key that may, has an API key refused from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_blocks.access import services
from referral_blocks.access.models import ApiKey

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def revoke_api_key(*, key: ApiKey, actor: User | None = None, by: ApiKey | None = None) -> bool:
    """True when it was not revoked before; ``key`` is as it is then. Whoever may revoke may revoke any: taking away is
    safe. Only ``by``, a key that asks, has to be allowed what the key is; else this raises NotAllowed (``scopes``), and
    nothing is written."""
    done = services.revoke_api_key(key=key, actor=actor, by=by)
    key.refresh_from_db()
    return done
