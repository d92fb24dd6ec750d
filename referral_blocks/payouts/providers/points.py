"""Points: a reward in PTS goes to the person's balance in the house's own ledger, at once."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.money import POINTS
from referral_blocks.payouts.provider import (
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutProvider,
    PayoutRequest,
    PayoutResult,
)


class PointsProvider(PayoutProvider):
    """The flow that records the answer adds the points, in the same transaction."""

    label = _("Points")
    capabilities = Capabilities(currencies=frozenset({POINTS}), divisible=True, in_house=True)

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        return {"title": order.title}

    def send(self, request: PayoutRequest) -> PayoutResult:
        if request.amount.currency != POINTS:
            return PayoutResult(Outcome.FAILED_FINAL, message=f"Points are paid in {POINTS} only")
        return PayoutResult(Outcome.PAID)
