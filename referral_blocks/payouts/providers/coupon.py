"""Coupons: the reward holds its single-use code since it was promised; paying it shows the code to its owner."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from referral_blocks.payouts.provider import (
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutProvider,
    PayoutRequest,
    PayoutResult,
)


class CouponProvider(PayoutProvider):
    """No code is in a request or an answer: codes are worth money, and attempts are kept."""

    label = _("A code from a coupon list")

    capabilities = Capabilities(in_house=True)

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        return {"title": order.title}

    def send(self, request: PayoutRequest) -> PayoutResult:
        return PayoutResult(Outcome.PAID)
