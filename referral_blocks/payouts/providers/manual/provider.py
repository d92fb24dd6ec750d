"""A provider whose rail is people: sending a payout puts it on the staff's list."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import (
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutProvider,
    PayoutRequest,
    PayoutResult,
)

from .models import Handover


class ManualProvider(PayoutProvider):
    label = _("Handed over by staff")

    capabilities = Capabilities(in_house=True)

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        return {"title": order.title, "instructions": order.instructions}

    def send(self, request: PayoutRequest) -> PayoutResult:
        handover, _created = Handover.objects.get_or_create(
            idempotency_key=request.idempotency_key,
            defaults={
                "payout": Payout.objects.get(public_id=request.payout_id),
                "title": request.body["title"],
                "instructions": request.body["instructions"],
            },
        )
        return PayoutResult(Outcome.ACCEPTED, provider_ref=f"handover-{handover.pk}")
