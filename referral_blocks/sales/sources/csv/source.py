"""Reads CSV files of sales: comma, semicolon or tab, headings in any order and case."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import NamedTuple

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.core.errors import InvalidInput
from referral_blocks.sales.source import MAX_BYTES, RowRefusal, SaleRow, SaleSource

MAX_ROWS = 50_000
REQUIRED = ("external_id", "friend_email", "amount")
KNOWN = (*REQUIRED, "currency", "occurred_at", "product")
META = "meta_"
DELIMITERS = ",;\t"
FILE = ("file",)
EARLIEST = 1970  # earlier years overflow when they are converted between time zones


class CsvSource(SaleSource):
    label = gettext_lazy("CSV file")

    def text(self, data: bytes) -> str:
        if len(data) > MAX_BYTES:
            raise InvalidInput(
                _("The file is larger than 5 MB. Split it into several files."), code="file_too_large", path=FILE
            )
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\x00"
        if "\x00" in text:
            raise InvalidInput(
                _("This is not a text file in UTF-8. Save it as “CSV UTF-8”."), code="invalid_file", path=FILE
            )
        table = _opened(text)
        _check(table.headings)
        if sum(1 for _line in table.lines) > MAX_ROWS:
            raise InvalidInput(
                _("The file has more than %(max)d rows. Split it into several files.") % {"max": MAX_ROWS},
                code="too_many_rows",
                path=FILE,
            )
        return text

    def rows(self, text: str) -> Iterator[SaleRow | RowRefusal]:
        table = _opened(text)
        headings = table.headings
        for number, line in table.lines:
            cells = _cells(line, table.delimiter)
            if cells is None:
                yield RowRefusal(number, "broken_quotes", _("The quotation marks in this row do not match."))
            elif len(cells) != len(headings):
                yield RowRefusal(
                    number,
                    "wrong_columns",
                    _("This row has %(found)d cells, and the heading has %(wanted)d.")
                    % {"found": len(cells), "wanted": len(headings)},
                )
            else:
                yield _row(number, dict(zip(headings, (cell.strip() for cell in cells), strict=True)))


class _Table(NamedTuple):
    headings: list[str]
    delimiter: str
    lines: Iterator[tuple[int, str]]  # those below the heading that are not blank, with their numbers


def _opened(text: str) -> _Table:
    """A cell holds no line break: a quotation mark that is never closed then spoils its own row only."""
    numbered = enumerate(io.StringIO(text, newline=None), start=1)
    lines = ((number, line.rstrip("\n")) for number, line in numbered)
    first = next(lines, (1, ""))[1]
    delimiter = max(DELIMITERS, key=lambda mark: len(set(_headings(first, mark)) & set(KNOWN)))
    filled = ((number, line) for number, line in lines if line.strip(f'{DELIMITERS} "'))
    return _Table(_headings(first, delimiter), delimiter, filled)


def _headings(line: str, delimiter: str) -> list[str]:
    cells = _cells(line, delimiter) or []
    return [cell.strip().casefold().replace(" ", "_").replace("-", "_") for cell in cells]


def _cells(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _check(headings: list[str]) -> None:
    """Raises InvalidInput unless every needed column is there, once, and every other one is known."""
    if missing := [name for name in REQUIRED if name not in headings]:
        raise InvalidInput(
            _("The heading lacks: %(missing)s. Needed are %(needed)s; %(known)s may be added.")
            % {"missing": ", ".join(missing), "needed": ", ".join(REQUIRED), "known": ", ".join(KNOWN[3:])},
            code="missing_columns",
            path=FILE,
        )
    if twice := sorted({name for name in headings if headings.count(name) > 1}):
        raise InvalidInput(
            _("These columns are there twice: %(names)s.") % {"names": ", ".join(twice)},
            code="double_columns",
            path=FILE,
        )
    if unknown := [name for name in headings if name not in KNOWN and not _is_meta(name)]:
        raise InvalidInput(
            _("We do not know these columns: %(names)s. Remove them, or let their names begin with meta_ to keep them.")
            % {"names": ", ".join(name[:40] for name in unknown[:10])},
            code="unknown_columns",
            path=FILE,
        )


def _is_meta(name: str) -> bool:
    return name.startswith(META) and name != META


def _row(number: int, cells: dict[str, str]) -> SaleRow | RowRefusal:
    sold = cells.get("occurred_at", "")
    when = _moment(sold)
    if sold and when is None:
        return RowRefusal(
            number,
            "invalid_date",
            _("“%(date)s” is not a date. Write it as 2026-11-21 or 2026-11-21 14:30.") % {"date": sold[:40]},
            ("occurredAt",),
            cells["external_id"][:120],
        )
    return SaleRow(
        number=number,
        external_id=cells["external_id"],
        friend_email=cells["friend_email"],
        amount=cells["amount"],
        currency=cells.get("currency", ""),
        occurred_at=when,
        product=cells.get("product", ""),
        metadata={name.removeprefix(META): value for name, value in cells.items() if _is_meta(name) and value},
    )


def _moment(text: str) -> datetime | None:
    try:
        day = parse_date(text)
        when = datetime.combine(day, time()) if day else parse_datetime(text)
        if when is None or when.year < EARLIEST:
            return None
        # One that cannot be converted is none: an offset may push the year 9999 over the edge.
        if when.tzinfo:
            when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return when
