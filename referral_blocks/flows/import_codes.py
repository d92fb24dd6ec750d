"""People who have codes already come in with them: a report for every row, restartable, tried dry first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.codes import normalise_code
from referral_blocks.core.errors import DomainError, InvalidInput, gathering
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.services import claim_code
from referral_blocks.people.services import clean_particulars, email_key, get_or_create_person
from referral_blocks.programs.models import Program, TermsVersion
from referral_blocks.programs.services import current_terms
from referral_blocks.referrers.services import get_or_create_referrer

from .create_link import require_not_ended
from .join_program import require_terms


class RowResult(StrEnum):
    ADDED = "added"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of row ``number`` (from 1); ``message`` says all that it was refused for, ``code`` and ``path`` the
    first of it."""

    number: int
    result: RowResult
    code: str = ""
    message: str = ""
    path: tuple[str, ...] = ()


def import_codes(
    *, program: Program, rows: Iterable[Mapping[str, str]], terms_accepted: bool, dry_run: bool = False
) -> list[ImportedRow]:
    """Enrol the people in ``rows`` (``email``, ``name``, ``code``) with the codes that they have, and mail nobody.

    Each row is a transaction of its own: a refused one keeps none of the others back, and a second run goes on where
    the first broke off, because what is there is only ``repeated``. A person's first code becomes the primary one
    unless they have one. ``dry_run`` writes nothing and reports the same. ``terms_accepted``: the caller vouches that
    these people accepted the present terms.
    Raises InvalidInput with path ``acceptTerms`` and NotPossibleNow for a programme that has ended.
    """
    require_not_ended(program)
    require_terms(program, terms_accepted)
    terms = None if dry_run else current_terms(program=program)
    owners: dict[str, str] = {}
    return [_row(program, terms, number, row, owners) for number, row in enumerate(rows, start=1)]


def _row(
    program: Program, terms: TermsVersion | None, number: int, row: Mapping[str, str], owners: dict[str, str]
) -> ImportedRow:
    try:
        with transaction.atomic():
            added = _add(program, terms or current_terms(program=program), row, owners)
            # Rolled back, a row of a dry run is not there for the next one: what it claimed is remembered in owners.
            transaction.set_rollback(terms is None)
    except DomainError as error:
        said = " ".join(str(one) for one in error.all)
        return ImportedRow(number, RowResult.REFUSED, error.code, said, error.path)
    return ImportedRow(number, RowResult.ADDED if added else RowResult.REPEATED)


def _code(text: str) -> str:
    code = normalise_code(text)
    if code is None:
        raise InvalidInput(
            _("A code has 1 to 40 letters from A to Z, digits, “-” and “_”."), code="invalid_character", path=("code",)
        )
    return code


def _add(program: Program, terms: TermsVersion, row: Mapping[str, str], owners: dict[str, str]) -> bool:
    with gathering() as mistakes:
        with mistakes.check():
            code = _code(str(row.get("code", "")))
        with mistakes.check():
            given = clean_particulars(email=str(row.get("email", "")), name=str(row.get("name", "")))
    person = get_or_create_person(given=given)
    owner = email_key(given.email)
    if owners.get(code, owner) != owner:
        raise InvalidInput(_("Another row has this code already."), code="taken", path=("code",))
    referrer, _created = get_or_create_referrer(
        person=person, program=program, terms_version=terms, greeting_consent=False
    )
    first = not ReferralLink.objects.filter(referrer=referrer, is_primary=True).exists()
    _link, added = claim_code(referrer=referrer, code=code, primary=first)
    repeated = code in owners or not added
    owners[code] = owner
    return not repeated
