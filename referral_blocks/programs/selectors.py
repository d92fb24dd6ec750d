"""Reads programmes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotFound
from referral_blocks.core.text import clean_text

from .models import Phase, Program, ProgramStatus, TermsVersion


def program_by_slug(*, site_id: int, slug: str) -> Program:
    """The programme of this site; a draft is as unknown as one that does not exist. Raises NotFound."""
    clean_text(slug, max_length=60, path=("program",))
    program = Program.objects.filter(site_id=site_id, slug=slug).exclude(status=ProgramStatus.DRAFT).first()
    if program is None:
        raise NotFound(_("There is no such programme on this site."), path=("program",))
    return program


def only_live_program(*, site_id: int) -> Program | None:
    """The site's live programme, when it has exactly one."""
    found = list(Program.objects.filter(site_id=site_id, status=ProgramStatus.LIVE)[:2])
    return found[0] if len(found) == 1 else None


def in_phases(phases: Iterable[str]) -> Q:
    """The condition that a programme is in one of these phases now, as Program.phase says it of one."""
    now, live = timezone.now(), Q(status=ProgramStatus.LIVE)
    over = Q(ends_at__isnull=False, ends_at__lte=now)
    early = Q(starts_at__isnull=False, starts_at__gt=now)
    each = {
        Phase.DRAFT: Q(status=ProgramStatus.DRAFT),
        Phase.PAUSED: Q(status=ProgramStatus.PAUSED),
        Phase.ENDED: Q(status=ProgramStatus.ENDED) | live & over,
        Phase.SCHEDULED: live & early & ~over,
        Phase.OPEN: live & ~early & ~over,
    }
    found = Q(pk__in=[])
    for phase in phases:
        found |= each[Phase(phase)]
    return found


def present_terms(*, program: Program) -> TermsVersion | None:
    """The version with the programme's present text; None before anybody has accepted it."""
    return TermsVersion.objects.filter(program=program, sha256=terms_hash(program.terms)).first()


def terms_hash(text: str) -> str:
    """What makes a text of terms one version."""
    return hashlib.sha256(text.encode()).hexdigest()


def terms_number(*, program: Program) -> int:
    """The number of the version with the programme's present text, or the one it will get when somebody accepts it."""
    versions = TermsVersion.objects.filter(program=program)
    if number := versions.filter(text=program.terms).values_list("number", flat=True).first():
        return number
    return (versions.aggregate(last=Max("number"))["last"] or 0) + 1


def own_page_url(program: Program, *, fallback: str) -> str:
    """Where “your rewards” is: the referrers' own page, or the share page where that one cannot be visited."""
    return page_url(program.portal_page, fallback="") or page_url(program.share_page, fallback=fallback)


def page_url(page: Any, *, fallback: str) -> str:
    """The absolute address of a programme's page in the active language, or ``fallback`` when it cannot be visited."""
    if page is None:
        return fallback
    specific = page.localized
    return (specific.full_url if specific.live else None) or fallback
