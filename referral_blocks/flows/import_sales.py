"""Sales from a file: a dry run first, then the real run, row by row; a run that broke off goes on where it was."""

from __future__ import annotations

import unicodedata
import zoneinfo
from collections import Counter, deque
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.agent import acting_as
from referral_blocks.core.errors import Conflict, DomainError, InvalidInput
from referral_blocks.core.text import clean_text
from referral_blocks.programs.models import Program
from referral_blocks.sales.imports import (
    due_imports,
    finish_import,
    is_recorded,
    postpone,
    row_is_done,
    rows_done,
    write_row,
)
from referral_blocks.sales.models import ImportState, RowOutcome, Sale, SaleImport
from referral_blocks.sales.source import RowRefusal, SaleRow, sale_source, sale_source_choices

from .record_sale import Recorded, record_sale

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RUN_TASK = "referral_blocks.flows.tasks.run_import"
BATCH = 500  # rows a task: well within the queue's time-out
KEPT = timedelta(days=30)  # how long the file of a dry run that nobody confirmed is kept


def import_sales(
    *, program: Program, source: str, name: str, data: bytes, actor: User | None = None, dry_run: bool = True
) -> SaleImport:
    """Keep the file and queue its dry run, or where none is wanted its real run. Raises InvalidInput (paths ``source``,
    ``file``); then nothing is kept."""
    if source not in dict(sale_source_choices()):
        raise InvalidInput(_("There is no such kind of file."), code="unknown_source", path=("source",))
    plug = sale_source(source)
    title = clean_text(name, max_length=200, path=("file",))
    text = plug.text(data)
    total = sum(1 for _row in plug.rows(text))
    if not total:
        raise InvalidInput(_("There is no row below the heading."), code="empty_file", path=("file",))
    with transaction.atomic():
        started = SaleImport.objects.create(
            program=program, source=source, name=title, content=text, total=total, dry_run=dry_run, created_by=actor
        )
        queue_import(sale_import=started)
    return started


def run_import(*, import_id: int) -> int:
    """Do the next rows, each in its own transaction, and queue the rest; returns how many were done here.

    Safe to run twice, also at the same time, and after a crash: what became of a row is written with the row's sale.
    """
    sale_import = SaleImport.objects.select_related("program", "created_by", "confirmed_by").get(pk=import_id)
    if sale_import.state == ImportState.DONE:
        return 0
    postpone(sale_import=sale_import)
    SaleImport.objects.filter(pk=import_id, state=ImportState.READY).update(state=ImportState.RUNNING)
    done = rows_done(sale_import=sale_import)
    todo = (row for row in sale_source(sale_import.source).rows(sale_import.content) if row.number not in done)
    batch = list(islice(todo, BATCH))
    twins = _Twins(sale_import)
    count = sum(_do(sale_import, row, twins) for row in batch)
    if len(batch) == BATCH:
        queue.enqueue(RUN_TASK, import_id)
    else:
        finish_import(sale_import=sale_import)
    return count


def resume_imports() -> int:
    """Queue the imports whose task was lost, and forget old files; returns how many were queued."""
    old = SaleImport.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(content="")
    old.update(content="", state=ImportState.DONE, next_try_at=None)
    count = 0
    for sale_import in due_imports():
        with transaction.atomic():
            if postpone(sale_import=sale_import):
                queue.enqueue(RUN_TASK, sale_import.pk)
                count += 1
    return count


def queue_import(*, sale_import: SaleImport) -> None:
    """Let the queue carry it out; inside the caller's transaction."""
    postpone(sale_import=sale_import)
    queue.enqueue(RUN_TASK, sale_import.pk)


class _DryRun(Exception):
    """No error: it takes the savepoint back."""


class _Twins:
    """Rows of one file with one order number. A dry run takes each of its sales back, so that it has to look here for
    what the real run finds recorded."""

    def __init__(self, sale_import: SaleImport) -> None:
        self._import = sale_import
        self._rows: dict[str, deque[SaleRow]] = {}  # by order number, those that may still record it
        self._found: dict[str, SaleRow] = {}
        if not sale_import.dry_run:
            return
        times = Counter(_order(row) for row in self._sales())
        for row in self._sales() if max(times.values(), default=0) > 1 else ():
            if times[_order(row)] > 1:
                self._rows.setdefault(_order(row), deque()).append(row)

    def _sales(self) -> Iterator[SaleRow]:
        for row in sale_source(self._import.source).rows(self._import.content):
            if isinstance(row, SaleRow):
                yield row

    def recorded_before(self, row: SaleRow) -> SaleRow | None:
        """The row above this one that records the order; a row that is refused records nothing. Rows are done in their
        order, so that each is looked at once."""
        order = _order(row)
        twins = self._rows.get(order, deque())
        while order not in self._found and twins and twins[0].number < row.number:
            twin = twins.popleft()
            if is_recorded(sale_import=self._import, number=twin.number):
                self._found[order] = twin
        return self._found.get(order)


def _order(row: SaleRow) -> str:
    """The order number as record_sale keeps it."""
    return unicodedata.normalize("NFC", row.external_id).strip()


def _do(sale_import: SaleImport, row: SaleRow | RowRefusal, twins: _Twins) -> bool:
    """One row and what became of it, in one transaction; False when it was done meanwhile."""
    with transaction.atomic():
        # Locked, so that a second task waits for this row, and none goes on with a dry run that is confirmed by now.
        locked = SaleImport.objects.select_for_update(of=("self",), no_key=True).get(pk=sale_import.pk)
        changed = (locked.dry_run, locked.state) != (sale_import.dry_run, ImportState.RUNNING)
        if changed or row_is_done(sale_import=sale_import, number=row.number):
            return False
        if isinstance(row, RowRefusal):
            _refuse(sale_import, row, row.code, row.message)
            return True
        try:
            sale, outcome = _record(sale_import, row, twins.recorded_before(row))
        except DomainError as error:
            _refuse(sale_import, row, error.code, " ".join(str(one) for one in error.all))
        else:
            write_row(
                sale_import=sale_import, number=row.number, external_id=row.external_id, outcome=outcome, sale=sale
            )
    return True


def _refuse(sale_import: SaleImport, row: SaleRow | RowRefusal, code: str, message: str) -> None:
    write_row(
        sale_import=sale_import,
        number=row.number,
        external_id=row.external_id,
        outcome=RowOutcome.REFUSED,
        because=(code, message),
    )


def _record(sale_import: SaleImport, row: SaleRow, twin: SaleRow | None) -> tuple[Sale | None, str]:
    """The sale and what became of the row; ``twin`` is the row above that a dry run has taken back."""
    recorded: Recorded | None = None
    try:
        with transaction.atomic():
            if twin is not None:
                _sell(sale_import, twin)
            recorded = _sell(sale_import, row)
            if sale_import.dry_run:
                raise _DryRun
    except _DryRun:
        pass
    except Conflict:
        if twin is None:
            raise
        raise Conflict(
            _("Row %(row)d of this file has the same order number, with other content.") % {"row": twin.number},
            path=("externalId",),
        ) from None
    if recorded is None or not recorded.created:
        # The sale of a twin was taken back with the dry run: a row that points at it could not be committed.
        return recorded.sale if recorded and twin is None else None, RowOutcome.REPEATED
    return None if sale_import.dry_run else recorded.sale, RowOutcome.RECORDED


def _sell(sale_import: SaleImport, row: SaleRow) -> Recorded:
    when = row.occurred_at
    if when is not None and when.tzinfo is None:
        when = when.replace(tzinfo=zoneinfo.ZoneInfo(sale_import.program.time_zone))
    # In the name of whoever confirmed it, or sent it without a dry run: the queue itself is nobody.
    actor, agent = sale_import.confirmed_by, sale_import.confirmed_agent
    if actor is None and not agent:
        actor, agent = sale_import.created_by, sale_import.agent
    with acting_as(agent):
        return record_sale(
            program=sale_import.program,
            source=sale_import.source,
            external_id=row.external_id,
            friend_email=row.friend_email,
            amount=row.amount,
            currency=row.currency or sale_import.program.currency,
            occurred_at=when,
            product=row.product,
            metadata=row.metadata,
            actor=actor,
        )
