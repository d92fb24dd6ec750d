"""Reads sales and imports."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, Sum

from .models import ReversalKind, RowOutcome, Sale, SaleImport, SaleImportRow, SaleReversal


def sale_by_external_id(*, program_id: int, source: str, external_id: str) -> Sale | None:
    """The sale that this source calls so, in this programme and no other."""
    return Sale.objects.filter(program_id=program_id, source=source, external_id=external_id).first()


def has_standing_sale(*, referral_id: int) -> bool:
    """Whether the friend has a sale that is not wholly reversed."""
    return Sale.objects.filter(referral_id=referral_id, reversed_minor__lt=F("amount_minor")).exists()


def dispute_of(*, sale_id: int, external_id: str) -> SaleReversal | None:
    """The dispute about the sale that goes by this id."""
    disputes = SaleReversal.objects.filter(sale_id=sale_id, kind=ReversalKind.DISPUTE, external_id=external_id)
    return disputes.first()


def claimed_back(*, sale_id: int) -> tuple[int, int]:
    """What was refunded of the sale, and what is in disputes that were not won, in minor units; together they may be
    more than the sale."""
    kinds = ReversalKind.REFUND, ReversalKind.DISPUTE, ReversalKind.DISPUTE_WON
    sums = {kind.value: Sum("amount_minor", filter=Q(kind=kind), default=0) for kind in kinds}
    totals = SaleReversal.objects.filter(sale_id=sale_id).aggregate(**sums)
    return totals["refund"], totals["dispute"] - totals["dispute_won"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come, in rows."""

    total: int
    done: int
    recorded: int
    repeated: int
    refused: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def import_progress(*, sale_import: SaleImport) -> Progress:
    """One query, whatever the file’s size."""
    rows = SaleImportRow.objects.order_by().filter(sale_import=sale_import)
    counts = dict(rows.values_list("outcome").annotate(n=Count("pk")))
    return Progress(
        total=sale_import.total,
        done=sum(counts.values()),
        recorded=counts.get(RowOutcome.RECORDED, 0),
        repeated=counts.get(RowOutcome.REPEATED, 0),
        refused=counts.get(RowOutcome.REFUSED, 0),
    )
