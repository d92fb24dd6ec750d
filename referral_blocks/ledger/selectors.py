"""Reads the ledger."""

from __future__ import annotations

from django.db.models import Sum

from .models import LedgerLine


def unbalanced_entries() -> list[tuple[int, str, int]]:
    """(entry id, currency, sum) of every entry whose lines do not sum to zero; empty is what it should be."""
    sums = LedgerLine.objects.order_by().values_list("entry_id", "currency").annotate(total=Sum("amount_minor"))
    return list(sums.exclude(total=0))


def balances(*, program_id: int) -> dict[tuple[str, str], int]:
    """(account, currency) → sum in minor units for one programme."""
    lines = LedgerLine.objects.order_by().filter(entry__program_id=program_id)
    rows = lines.values("account", "currency").annotate(total=Sum("amount_minor"))
    return {(r["account"], r["currency"]): r["total"] for r in rows}
