"""Writes sales and their reversals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import Conflict, InvalidInput, NotFound
from referral_blocks.core.money import Money
from referral_blocks.referrals.models import Referral

from .models import ReversalKind, Sale, SaleReversal
from .selectors import claimed_back, dispute_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def get_or_create_sale(
    *,
    referral: Referral,
    source: str,
    external_id: str,
    amount: Money,
    occurred_at: datetime,
    product: str = "",
    metadata: Mapping[str, str] | None = None,
    actor: User | None = None,
) -> tuple[Sale, bool]:
    """The sale with this external id, and whether it is new; with a new one ``actor`` is kept. The caller holds the
    referral's lock, which gives the sale its number.

    Raises Conflict when the id was used before for another friend, amount, currency, product or metadata. The date may
    differ: who gives none means now, and that is another moment each time.
    """
    pairs = dict(metadata or {})
    sale, created = Sale.objects.get_or_create(
        program_id=referral.program_id,
        source=source,
        external_id=external_id,
        defaults={
            "referral": referral,
            "amount_minor": amount.amount_minor,
            "currency": amount.currency,
            "product": product,
            "metadata": pairs,
            "number": referral.sale_count + 1,
            "occurred_at": occurred_at,
            "recorded_by": actor,
        },
    )
    known = (sale.referral_id, sale.amount, sale.product, sale.metadata)
    if known[:2] != (referral.pk, amount):
        raise Conflict(
            _("A sale with the id “%(id)s” is recorded already, with another amount or friend.") % {"id": external_id},
            path=("externalId",),
        )
    if known[2:] != (product, pairs):
        raise Conflict(
            _("A sale with the id “%(id)s” is recorded already, with another product or other metadata.")
            % {"id": external_id},
            path=("externalId",),
        )
    if created:
        referral.sale_count = sale.number
        referral.save(update_fields=["sale_count"])
    return sale, created


def get_or_create_reversal(
    *,
    sale: Sale,
    kind: str,
    external_id: str,
    amount_minor: int | None,
    occurred_at: datetime,
    actor: User | None = None,
) -> tuple[SaleReversal, bool]:
    """The reversal with this kind and id, and whether it is new; with a new one, what is reversed of the sale is
    counted again. The caller has locked the sale's row.

    It is kept as claimed: a dispute may be about the whole sale when part of it was refunded, or the other way round,
    and no more than the sale is ever reversed. ``amount_minor`` None means all that is left (for a refund: that was not
    refunded), or all that the dispute took. Raises Conflict for the same id with another amount, NotFound for a won
    dispute that was never recorded, InvalidInput (``too_much``, path ``amount``).
    """
    known = SaleReversal.objects.filter(sale=sale, kind=kind, external_id=external_id).first()
    if known is not None:
        if amount_minor not in (None, known.amount_minor):
            raise Conflict(
                _("A reversal with the id “%(id)s” is recorded already, with another amount.") % {"id": external_id},
                path=("reversalId",),
            )
        return known, False
    most, left = _limits(sale, kind, external_id)
    minor, most = (left, left) if amount_minor is None else (amount_minor, most)
    if not 0 < minor <= most:
        raise InvalidInput(
            _("At most %(left)s can be reversed here.") % {"left": Money(most, sale.currency)},
            code="too_much",
            path=("amount",),
        )
    reversal = SaleReversal.objects.create(
        sale=sale,
        kind=kind,
        external_id=external_id,
        amount_minor=minor,
        occurred_at=occurred_at,
        recorded_by=actor,
    )
    sale.reversed_minor = min(sum(claimed_back(sale_id=sale.pk)), sale.amount_minor)
    sale.save(update_fields=["reversed_minor"])
    return reversal, True


def _limits(sale: Sale, kind: str, external_id: str) -> tuple[int, int]:
    """The most that a new reversal may be about, and what it is about when it does not say."""
    if kind == ReversalKind.DISPUTE_WON:
        disputed = _disputed(sale, external_id)
        return disputed, disputed
    if kind == ReversalKind.DISPUTE:
        return sale.amount_minor, sale.amount_minor - sale.reversed_minor
    refunded, _in_dispute = claimed_back(sale_id=sale.pk)
    return sale.amount_minor - refunded, sale.amount_minor - refunded


def _disputed(sale: Sale, external_id: str) -> int:
    dispute = dispute_of(sale_id=sale.pk, external_id=external_id)
    if dispute is None:
        raise NotFound(
            _("There is no dispute with the id “%(id)s” about this sale.") % {"id": external_id},
            code="no_dispute",
            path=("reversalId",),
        )
    return dispute.amount_minor
