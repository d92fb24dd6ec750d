"""Posts ledger entries."""

from __future__ import annotations

from django.db import transaction

from referral_blocks.core.money import Money

from .models import LedgerEntry, LedgerLine


def post_transfer(
    *, key: str, kind: str, program_id: int, person_id: int, amount: Money, debit: str, credit: str, note: str = ""
) -> LedgerEntry:
    """Post ``amount`` from ``credit`` to ``debit`` under ``key``; a key that was posted before posts nothing more."""
    entry, _created = post_once(
        key=key,
        kind=kind,
        program_id=program_id,
        person_id=person_id,
        amount=amount,
        debit=debit,
        credit=credit,
        note=note,
    )
    return entry


def post_once(
    *, key: str, kind: str, program_id: int, person_id: int, amount: Money, debit: str, credit: str, note: str = ""
) -> tuple[LedgerEntry, bool]:
    """As ``post_transfer``; says whether it was posted now."""
    with transaction.atomic():
        defaults = {"kind": kind, "program_id": program_id, "note": note}
        entry, created = LedgerEntry.objects.get_or_create(key=key, defaults=defaults)
        if created:
            LedgerLine.objects.bulk_create(
                LedgerLine(
                    entry=entry,
                    account=account,
                    person_id=person_id,
                    amount_minor=sign * amount.amount_minor,
                    currency=amount.currency,
                )
                for account, sign in ((debit, 1), (credit, -1))
            )
    return entry, created
