"""A member of staff, or a system with a key that may, has an API key refused from now on."""

from __future__ import annotations

from referral_blocks.access import services
from referral_blocks.access.models import ApiKey


def revoke_api_key(*, key: ApiKey, by: ApiKey | None = None) -> bool:
    """True when it was not revoked before; ``key`` is as it is then. Whoever may revoke may revoke any: taking away is
    safe. Only ``by``, a key that asks, has to be allowed what the key is; else this raises NotAllowed (``scopes``), and
    nothing is written."""
    done = services.revoke_api_key(key=key, by=by)
    key.refresh_from_db()
    return done
