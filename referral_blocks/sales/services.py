"""Writes sales."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import Conflict
from referral_blocks.core.money import Money
from referral_blocks.referrals.models import Referral

from .models import Sale


def get_or_create_sale(
    *,
    referral: Referral,
    source: str,
    external_id: str,
    amount: Money,
    occurred_at: datetime,
    product: str = "",
    metadata: Mapping[str, str] | None = None,
) -> tuple[Sale, bool]:
    """The sale with this external id, and whether it is new. The caller holds the referral's lock, which gives the sale
    its number.

    Raises Conflict when the id was used before for another friend, amount or currency.
    """
    sale, created = Sale.objects.get_or_create(
        program_id=referral.program_id,
        source=source,
        external_id=external_id,
        defaults={
            "referral": referral,
            "amount_minor": amount.amount_minor,
            "currency": amount.currency,
            "product": product,
            "metadata": dict(metadata or {}),
            "number": referral.sale_count + 1,
            "occurred_at": occurred_at,
        },
    )
    if not created and (sale.referral_id, sale.amount) != (referral.pk, amount):
        raise Conflict(
            _("A sale with the id “%(id)s” is recorded already, with another amount or friend.") % {"id": external_id},
            path=("externalId",),
        )
    if created:
        referral.sale_count = sale.number
        referral.save(update_fields=["sale_count"])
    return sale, created
