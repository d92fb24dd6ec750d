"""What a person may hand to a system only with all of these rights themselves: a key is no way round the rights of
staff, neither to do something nor to read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .models import Scope

RIGHTS: Mapping[Scope, tuple[str, ...]] = {
    Scope.SALES_READ: ("view_sale",),
    Scope.SALES_WRITE: ("add_sale", "add_salereversal", "add_saleimport"),
    Scope.REFERRALS_READ: ("view_referrer", "view_referral"),
    Scope.REFERRALS_WRITE: ("review_referral",),
    Scope.REVIEWS_WRITE: ("review_referral",),
    Scope.REWARDS_READ: ("view_reward",),
    Scope.REWARDS_WRITE: ("approve_reward",),
    Scope.PAYOUTS_READ: ("view_payout",),
    Scope.PAYOUTS_WRITE: ("confirm_payout",),
    Scope.HANDOVERS_WRITE: ("mark_handed_over",),
    Scope.STATISTICS_READ: ("view_referral_report",),
    Scope.WEBHOOKS_READ: ("view_webhookendpoint",),
    Scope.WEBHOOKS_WRITE: ("add_webhookendpoint", "change_webhookendpoint", "delete_webhookendpoint"),
    Scope.ACTIVITY_READ: ("view_referrer", "view_referral", "view_sale", "view_reward", "view_payout"),
    Scope.KEYS_WRITE: ("view_apikey", "add_apikey", "change_apikey"),
}


def may_give(user: Any, scope: str) -> bool:
    """Whether the member of staff may make a key with this scope."""
    return scope in Scope.values and all(user.has_perm(f"referral_blocks.{right}") for right in RIGHTS[Scope(scope)])
