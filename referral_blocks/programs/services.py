"""Writes terms versions and the programme's pages."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.db.models import Max

from .models import Program, TermsVersion


def current_terms(*, program: Program) -> TermsVersion:
    """The version with the programme's present text, written on first need.

    A text that was in force before keeps its old number. Safe for simultaneous callers: the programme's row is locked.
    """
    sha256 = hashlib.sha256(program.terms.encode()).hexdigest()
    if version := TermsVersion.objects.filter(program=program, sha256=sha256).first():
        return version
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=program.pk)
        last = TermsVersion.objects.filter(program=program).aggregate(n=Max("number"))["n"] or 0
        version, _created = TermsVersion.objects.get_or_create(
            program=program, sha256=sha256, defaults={"number": last + 1, "text": program.terms}
        )
    return version


def set_page_once(*, program: Program, field: str, page_id: int) -> None:
    """Make the page the programme's ``landing_page`` or ``share_page`` unless it has one."""
    Program.objects.filter(pk=program.pk, **{f"{field}__isnull": True}).update(**{f"{field}_id": page_id})
