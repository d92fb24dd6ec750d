"""Reads the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from referral_blocks.core.money import POINTS

from .models import Account, LedgerLine


def unbalanced_entries() -> list[tuple[int, str, int]]:
    """(entry id, currency, sum) of every entry whose lines do not sum to zero; empty is what it should be."""
    sums = LedgerLine.objects.order_by().values_list("entry_id", "currency").annotate(total=Sum("amount_minor"))
    return list(sums.exclude(total=0))


def balances(*, program_id: int) -> dict[tuple[str, str], int]:
    """(account, currency) → sum in minor units for one programme."""
    lines = LedgerLine.objects.order_by().filter(entry__program_id=program_id)
    rows = lines.values("account", "currency").annotate(total=Sum("amount_minor"))
    return {(r["account"], r["currency"]): r["total"] for r in rows}


def balance_of(*, program_id: int, person_id: int, account: str, currency: str, key_prefix: str = "") -> int:
    """One account of one person in one programme, in minor units; of entries whose key begins so, if asked."""
    lines = LedgerLine.objects.filter(
        person_id=person_id, account=account, currency=currency, entry__program_id=program_id
    )
    if key_prefix:
        lines = lines.filter(entry__key__startswith=key_prefix)
    return lines.aggregate(total=Sum("amount_minor"))["total"] or 0


def points_balance(*, program_id: int, person_id: int) -> int:
    """A person's points in one programme, as the ledger has them."""
    return -balance_of(program_id=program_id, person_id=person_id, account=Account.POINTS, currency=POINTS)


def trial_balance() -> dict[str, dict[str, int]]:
    """currency → account → sum in minor units over all programmes; each currency's accounts sum to zero."""
    found: dict[str, dict[str, int]] = {}
    rows = LedgerLine.objects.order_by("currency", "account").values_list("currency", "account")
    for currency, account, total in rows.annotate(total=Sum("amount_minor")):
        found.setdefault(currency, {})[account] = total
    return found


@dataclass(frozen=True, slots=True)
class Liability:
    """What a programme owes in one currency, in minor units, by how far it is on its way."""

    currency: str
    held: int = 0  # promised, and waiting for something
    payable: int = 0
    in_transit: int = 0
    paid: int = 0
    clawed_back: int = 0  # still to be netted from what people earn next
    points: int = 0  # given and neither used nor expired

    @property
    def owed(self) -> int:
        """What the programme still has to give, less what it gets back."""
        return self.held + self.payable + self.in_transit + self.points - self.clawed_back


def liability(*, program_id: int) -> list[Liability]:
    """One line a currency in which the programme has ever promised anything; one query."""
    return _liabilities(balances(program_id=program_id))


def liabilities() -> dict[int, list[Liability]]:
    """As ``liability``, by programme id for all programmes; one query."""
    lines = LedgerLine.objects.order_by().values_list("entry__program_id", "account", "currency")
    found: dict[int, dict[tuple[str, str], int]] = {}
    for program_id, account, currency, total in lines.annotate(total=Sum("amount_minor")):
        found.setdefault(program_id, {})[(account, currency)] = total
    return {program_id: _liabilities(sums) for program_id, sums in found.items()}


def _liabilities(sums: dict[tuple[str, str], int]) -> list[Liability]:
    return [
        Liability(
            currency=currency,
            held=-sums.get((Account.PENDING, currency), 0),
            payable=-sums.get((Account.PAYABLE, currency), 0),
            in_transit=-sums.get((Account.IN_TRANSIT, currency), 0),
            paid=-sums.get((Account.PAID_OUT, currency), 0),
            clawed_back=sums.get((Account.CLAWBACK, currency), 0),
            points=-sums.get((Account.POINTS, currency), 0),
        )
        for currency in sorted({currency for _account, currency in sums})
    ]
