"""Writes sales and their reversals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import Conflict, InvalidInput, NotFound
from referral_blocks.core.money import Money
from referral_blocks.referrals.models import Referral

from .models import ReversalKind, Sale, SaleReversal
from .selectors import dispute_of


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


def get_or_create_reversal(
    *, sale: Sale, kind: str, external_id: str, amount_minor: int | None, occurred_at: datetime
) -> tuple[SaleReversal, bool]:
    """The reversal with this kind and id, and whether it is new; a new one is added up on the sale. The caller has
    locked the sale's row.

    ``amount_minor`` None means all that is left, or all that the dispute took. Raises Conflict for the same id with
    another amount, NotFound for a won dispute that was never recorded, InvalidInput (``too_much``, path ``amount``).
    """
    known = SaleReversal.objects.filter(sale=sale, kind=kind, external_id=external_id).first()
    if known is not None:
        if amount_minor not in (None, known.amount_minor):
            raise Conflict(
                _("A reversal with the id “%(id)s” is recorded already, with another amount.") % {"id": external_id},
                path=("reversalId",),
            )
        return known, False
    won = kind == ReversalKind.DISPUTE_WON
    most = _disputed(sale, external_id) if won else sale.amount_minor - sale.reversed_minor
    minor = most if amount_minor is None else amount_minor
    if not 0 < minor <= most:
        raise InvalidInput(
            _("At most %(left)s can be reversed here.") % {"left": Money(most, sale.currency)},
            code="too_much",
            path=("amount",),
        )
    reversal = SaleReversal.objects.create(
        sale=sale, kind=kind, external_id=external_id, amount_minor=minor, occurred_at=occurred_at
    )
    sale.reversed_minor += -minor if won else minor
    sale.save(update_fields=["reversed_minor"])
    return reversal, True


def _disputed(sale: Sale, external_id: str) -> int:
    dispute = dispute_of(sale_id=sale.pk, external_id=external_id)
    if dispute is None:
        raise NotFound(
            _("There is no dispute with the id “%(id)s” about this sale.") % {"id": external_id},
            code="no_dispute",
            path=("reversalId",),
        )
    return dispute.amount_minor
