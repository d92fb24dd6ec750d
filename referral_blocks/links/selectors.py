"""Reads links."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse

from referral_blocks.core.codes import normalise_code
from referral_blocks.programs.models import Program
from referral_blocks.referrers.session import Session

from .models import ReferralLink


def link_by_code(*, code: str, site_id: int) -> ReferralLink | None:
    """The link with this code on this site, with referrer, person and programme loaded; expired ones included.

    Text that cannot be a code never reaches the database.
    """
    normal = normalise_code(code)
    if normal is None:
        return None
    return (
        ReferralLink.objects.select_related("referrer__person", "referrer__program__site")
        .filter(code=normal, referrer__program__site_id=site_id)
        .first()
    )


def link_url(link: ReferralLink) -> str:
    """The absolute address that a referrer shares."""
    return link.referrer.program.site.root_url + reverse("referral_blocks:visit", args=[link.code])


def group_url(link: ReferralLink, group_id: object) -> str:
    """As ``link_url``, for a group that the link's referrer has opened; its public id stands in the address."""
    path = reverse("referral_blocks:group_link", args=[link.code, group_id])
    return link.referrer.program.site.root_url + path


class CodeStatus(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    PROGRAM_CLOSED = "program_closed"


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What may be told about a code; ``greeting_name`` is empty without consent."""

    status: CodeStatus
    greeting_name: str = ""


def validate_code(*, program: Program, code: str) -> CodeAnswer:
    """Whether the code would be credited in this programme now; a code of another programme is as unknown as none."""
    link = link_by_code(code=code, site_id=program.site_id)
    if link is None or link.referrer.program_id != program.pk:
        return CodeAnswer(CodeStatus.UNKNOWN)
    if not program.is_open:
        return CodeAnswer(CodeStatus.PROGRAM_CLOSED)
    if link.is_expired:
        return CodeAnswer(CodeStatus.EXPIRED)
    return CodeAnswer(CodeStatus.OK, link.greeting_name)


def link_of_session(session: Session) -> ReferralLink | None:
    """The link to show to whoever holds the session, with programme and site loaded; None when there is none."""
    links = ReferralLink.objects.filter(referrer=session.referrer)
    shown = links.filter(is_primary=True) if session.verified else links.filter(code=session.code)
    link = shown.first()
    if link is not None:
        link.referrer = session.referrer
    return link
