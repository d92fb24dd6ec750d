"""Who gets the credit: the ways in which a friend can be tied to a referrer, most trusted first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.tokens import make_token, read_token
from referral_blocks.links.models import ReferralLink, Visit
from referral_blocks.links.selectors import link_by_code
from referral_blocks.programs.models import Program

from .models import AttributionMethod

PURPOSE = "visit"
TOKEN_PARAMETER = "rt"  # noqa: S105 - the name under which an address carries a visit's token


@dataclass(frozen=True, slots=True)
class Attribution:
    """The link that earned the credit and how it is known; ``visited_at`` when that is by a visit."""

    link: ReferralLink
    method: str
    visited_at: datetime | None = None


def visit_token(*, code: str, program_id: int, visit: Visit | None) -> str:
    """The signed token of a visit, for the address, forms and the cookie; it names a visit, never a person. ``visit``
    is None for one that was not counted. ``code`` of the link, and not its number: numbers count up, and whoever was
    given a link for an address could read whether it was made before today."""
    return make_token(PURPOSE, [visit.pk.hex if visit else "", code, program_id])


def link_from_token(*, token: str, program: Program) -> ReferralLink | None:
    """The link that the token's visit came through; None for a token that is forged, too old, or of another programme,
    and for a link that has expired since."""
    payload = read_token(PURPOSE, token, max_age=program.visit_window_days * 86_400)
    if not isinstance(payload, list) or len(payload) != 3 or payload[2] != program.pk:
        return None
    link = ReferralLink.objects.select_related("referrer__person").filter(code=payload[1]).first()
    return None if link is None or link.is_expired or link.referrer.program_id != program.pk else link


def _visited_at(token: str, program: Program) -> datetime | None:
    payload = read_token(PURPOSE, token, max_age=program.visit_window_days * 86_400)
    if not payload or not payload[0]:  # a visit that was not counted has no row, and its link is credited all the same
        return None
    return Visit.objects.filter(pk=payload[0]).values_list("created_at", flat=True).first()


def find_attribution(*, program: Program, code: str = "", token: str = "", cookie: str = "") -> Attribution | None:
    """The most trusted attribution that holds, or None when nothing was given at all.

    Raises InvalidInput with path ``code`` for a typed code that is not of this programme, and with path ``token`` when
    only a token or cookie was given and it does not hold.
    """
    if code.strip():
        link = link_by_code(code=code, site_id=program.site_id)
        if link is None or link.is_expired or link.referrer.program_id != program.pk:
            raise InvalidInput(
                _("We do not know this code. Check it for typing errors, or leave it out."),
                code="unknown_code",
                path=("code",),
            )
        return Attribution(link, AttributionMethod.CODE)
    for text, method in ((token, AttributionMethod.TOKEN), (cookie, AttributionMethod.COOKIE)):
        if text and (found := link_from_token(token=text, program=program)):
            return Attribution(found, method, _visited_at(text, program))
    if token or cookie:
        raise InvalidInput(
            _("This invitation is damaged or too old. Open your friend’s link again, or type their code."),
            code="invalid_token",
            path=("token",),
        )
    return None
