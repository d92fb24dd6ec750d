"""Renders blocks for tests as one of the people who look at them."""

from __future__ import annotations

import re
from typing import Any

from django.test import RequestFactory

from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.programs.models import Program
from referral_blocks.referrals.attribution import visit_token
from referral_blocks.referrers.session import make_session, session_cookie
from tests.make import make_link


def visitor(program: Program) -> dict[str, Any]:
    return {}


def friend(program: Program) -> dict[str, Any]:
    link = make_link(program)
    return {"query": "?rt=" + visit_token(code=link.code, program_id=program.pk, visit=None)}


def unverified(program: Program) -> dict[str, Any]:
    link = make_link(program)
    return {"cookies": {session_cookie(program): make_session(link.referrer, verified=False, code=link.code)}}


def referrer(program: Program) -> dict[str, Any]:
    return {"cookies": {session_cookie(program): make_session(make_link(program).referrer, verified=True)}}


def editor(program: Program) -> dict[str, Any]:
    return {"is_preview": True}


LOOKERS = {look.__name__: look for look in (visitor, friend, unverified, referrer, editor)}


def show(
    name: str,
    value: dict[str, Any] | None = None,
    *,
    cookies: dict[str, str] | None = None,
    query: str = "",
    is_preview: bool = False,
    **on_request: Any,
) -> str:
    """The block's HTML with single spaces, as somebody sees it."""
    request = RequestFactory().get("/" + query)
    request.COOKIES.update(cookies or {})
    request.is_preview = is_preview
    for key, given in on_request.items():
        setattr(request, key, given)
    stream = ReferralStreamBlock().to_python([{"type": name, "value": value or {}, "id": "one"}])
    show.request = request
    return re.sub(r"\s+", " ", stream.render_as_block({"request": request}))
