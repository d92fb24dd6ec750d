"""Writes what became of an import's rows, and says what is left to do."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from referral_blocks.core.text import plain_cell

from .models import ImportState, RowOutcome, Sale, SaleImport, SaleImportRow

SWEEP_AFTER = timedelta(minutes=10)  # far above the queue's time-out: by then the task is gone


def write_row(
    *,
    sale_import: SaleImport,
    number: int,
    external_id: str,
    outcome: str,
    because: tuple[str, str] = ("", ""),
    sale: Sale | None = None,
) -> None:
    """Note what became of a row, and for a refused one the code and what to do; IntegrityError for a row that was done
    before."""
    row_code, message = because
    SaleImportRow.objects.create(
        sale_import=sale_import,
        number=number,
        external_id=_printable(external_id)[:120],
        outcome=outcome,
        code=row_code,
        message=_printable(message),
        sale=sale,
    )


def _printable(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))


def row_is_done(*, sale_import: SaleImport, number: int) -> bool:
    return SaleImportRow.objects.filter(sale_import=sale_import, number=number).exists()


def is_recorded(*, sale_import: SaleImport, number: int) -> bool:
    """Whether the row recorded a sale, or in a dry run would."""
    rows = SaleImportRow.objects.filter(sale_import=sale_import, number=number)
    return rows.filter(outcome=RowOutcome.RECORDED).exists()


def rows_done(*, sale_import: SaleImport) -> set[int]:
    """The numbers of the rows that are done."""
    return set(SaleImportRow.objects.filter(sale_import=sale_import).values_list("number", flat=True))


def finish_import(*, sale_import: SaleImport) -> None:
    """Running → done. A real run forgets its file: it names people, and everything in it is recorded or refused."""
    running = SaleImport.objects.filter(
        pk=sale_import.pk, state=ImportState.RUNNING, dry_run=sale_import.dry_run, total__lte=_count(sale_import)
    )
    gone = {} if sale_import.dry_run else {"content": ""}
    running.update(state=ImportState.DONE, next_try_at=None, **gone)


def _count(sale_import: SaleImport) -> int:
    return SaleImportRow.objects.filter(sale_import=sale_import).count()


def postpone(*, sale_import: SaleImport) -> bool:
    """Leave the import to its task for a while; False when another sweeper was faster."""
    mine = SaleImport.objects.filter(pk=sale_import.pk, next_try_at=sale_import.next_try_at)
    return bool(mine.update(next_try_at=timezone.now() + SWEEP_AFTER))


def due_imports() -> QuerySet[SaleImport]:
    """Imports whose task has not been heard of for a while."""
    return SaleImport.objects.exclude(state=ImportState.DONE).filter(next_try_at__lte=timezone.now()).order_by("pk")


def refused_rows_csv(*, sale_import: SaleImport) -> str:
    """Every refused row, its order number and what to do, as CSV. No cell is read as a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_("row"), _("order number"), _("code"), _("what to do")])
    rows = SaleImportRow.objects.filter(sale_import=sale_import, outcome=RowOutcome.REFUSED).order_by("number")
    for row in rows.values_list("number", "external_id", "code", "message").iterator():
        writer.writerow([plain_cell(str(cell)) for cell in row])
    return out.getvalue()
