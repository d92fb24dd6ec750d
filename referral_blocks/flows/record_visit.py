"""Somebody follows a referrer's link."""

from __future__ import annotations

from dataclasses import dataclass

from referral_blocks.links.models import ReferralLink
from referral_blocks.links.routes import Route, add_visit_through
from referral_blocks.links.selectors import link_by_code
from referral_blocks.links.services import add_ignored_visit, add_visit
from referral_blocks.programs.models import Program, Touch
from referral_blocks.referrals.attribution import link_from_token, visit_token

FLOOD = "flood"


@dataclass(frozen=True, slots=True)
class Visited:
    """``program`` is None for an unknown code; ``token`` is empty when nobody is credited, and so is ``link``."""

    program: Program | None
    token: str = ""
    link: ReferralLink | None = None


def record_visit(
    *, code: str, site_id: int, ip_hash: str, ignored_because: str | None = None, cookies: dict[str, str] | None = None
) -> Visited:
    """Write one visit and return the token that carries its attribution.

    An unknown or expired code, or a programme that is not open, writes nothing; ``ignored_because`` (``bot``, …) is
    noted apart. A visit in a FLOOD from one address is not counted, and still attributed: many people share an address.
    Under first touch, an attribution in ``cookies`` that still holds is kept and returned instead.
    """
    link = link_by_code(code=code, site_id=site_id)
    if link is None:
        return Visited(None)
    program = link.referrer.program
    if link.is_expired or not program.is_open:
        return Visited(program)
    visit = None
    if ignored_because:
        add_ignored_visit(link=link, reason=ignored_because)
        if ignored_because != FLOOD:
            return Visited(program)
    else:
        visit = add_visit(link=link, program_id=program.pk, ip_hash=ip_hash)
    earlier = _first_touch(link, (cookies or {}).get(cookie_name(program), ""))
    return Visited(program, earlier or visit_token(code=link.code, program_id=program.pk, visit=visit), link)


def record_visit_through(*, route: Route, ip_hash: str, cookies: dict[str, str]) -> str:
    """Write one visit by a route that is known, and return its token; empty, and nothing written, when the route holds
    no more or an earlier visit may have the credit: then record_visit decides."""
    if route.attribution == Touch.FIRST and cookies.get(route.cookie):
        return ""
    visit = add_visit_through(route=route, ip_hash=ip_hash)
    return visit_token(code=route.code, program_id=visit.program_id, visit=visit) if visit else ""


def cookie_name(program: Program) -> str:
    """One cookie a programme, so that two programmes of a site never take each other's friends."""
    return f"rb_visit_{program.public_id.hex[:12]}"


def _first_touch(link: ReferralLink, earlier: str) -> str:
    program = link.referrer.program
    if program.attribution == Touch.FIRST and earlier and link_from_token(token=earlier, program=program):
        return earlier
    return ""
