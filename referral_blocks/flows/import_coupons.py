"""A shop's list of single-use codes is imported: one code a line, or the first column of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import DomainError, InvalidInput
from referral_blocks.core.text import clean_text
from referral_blocks.programs.models import Program
from referral_blocks.rewards.coupons import add_codes, coupon_list_named
from referral_blocks.rewards.models import CouponList

from .release_waiting import release_waiting

MAX_CODE = 80
MAX_LINE = 10_000
MAX_ROWS = 100_000
HEADINGS = ("code", "coupon", "voucher")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line that was not taken: ``row`` counts from 1, ``code`` is stable, ``message`` for people."""

    row: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportedCoupons:
    """``known`` codes were in the list before; importing a file again adds nothing."""

    added: int
    known: int
    refused: list[RefusedRow] = field(default_factory=list)


def import_coupons(*, coupon_list: CouponList, text: str) -> ImportedCoupons:
    """Add the codes of ``text`` to the list, and let in the rewards that waited for one.

    A line that cannot be taken is refused by itself (``too_long``, ``invalid_text``, ``duplicate`` within the file).
    Raises InvalidInput with path ``text`` for a file without a code or with too many lines; then nothing is written.
    """
    codes, refused = _clean(text)
    _check(text, codes, refused)
    added = add_codes(coupon_list=coupon_list, codes=list(codes))
    if added:
        release_waiting(program=coupon_list.program)
    return ImportedCoupons(added, len(codes) - added, refused)


def import_named_coupons(*, program: Program, name: str, text: str) -> ImportedCoupons:
    """As ``import_coupons``, into the programme's list of this name, which is made when there is none yet. Raises
    InvalidInput with path ``name``, too; then nothing is written."""
    cleaned = clean_text(name, max_length=80, path=("name",))
    _check(text, *_clean(text))
    coupon_list = coupon_list_named(program_id=program.pk, name=cleaned)
    return import_coupons(coupon_list=CouponList.objects.select_related("program").get(pk=coupon_list.pk), text=text)


def _check(text: str, codes: dict[str, int], refused: list[RefusedRow]) -> None:
    if text.count("\n") >= MAX_ROWS:
        raise InvalidInput(
            _("Import at most %(max)d lines at a time.") % {"max": MAX_ROWS}, code="too_long", path=("text",)
        )
    if not codes and not refused:
        raise InvalidInput(_("There is no code in this file."), code="required", path=("text",))


def _clean(text: str) -> tuple[dict[str, int], list[RefusedRow]]:
    """Each good code with its row, in the file's order, and the rows that are not good."""
    codes: dict[str, int] = {}
    refused: list[RefusedRow] = []
    for row, cell in _cells(text):
        if row == 1 and cell.casefold() in HEADINGS:
            continue
        try:
            code = clean_text(cell, max_length=MAX_CODE, path=("text",))
        except DomainError as error:
            refused.append(RefusedRow(row, error.code, str(error)))
            continue
        if code in codes:
            message = _("This code is in row %(row)d already.") % {"row": codes[code]}
            refused.append(RefusedRow(row, "duplicate", str(message)))
        else:
            codes[code] = row
    return codes, refused


def _cells(text: str) -> Iterator[tuple[int, str]]:
    """(row, first cell) of every line that is not empty; a byte order mark is no part of the first code."""
    for row, line in enumerate(io.StringIO(text.removeprefix("\ufeff"), newline=None), start=1):
        stripped = line.strip(" \t\r\n")
        if stripped:
            # Cut far beyond the longest code: a line may be longer than the csv module takes.
            cells = next(csv.reader([stripped[:MAX_LINE]], delimiter=";" if ";" in stripped else ","), [])
            if cells and cells[0].strip(" \t"):
                yield row, cells[0].strip(" \t")
