"""Where a block's button leads: another block of the same page or one of the programme's pages, as
far as there is anything to do there."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from referral_blocks.programs.models import Program

from .audience import Audience
from .walk import blocks_of

AIMS = [
    ("friend_form", _("The friend’s form on this page")),
    ("refer_by_name", _("“Who told you about us?” on this page")),
    ("join_form", _("The join form on this page")),
    ("share_panel", _("The share panel on this page")),
    ("standing", _("“Your friends and rewards” on this page")),
    ("landing_page", _("The programme’s landing page")),
    ("share_page", _("The programme’s share page")),
    ("portal_page", _("The referrers’ own page")),
    ("terms_page", _("The terms page")),
]
PAGES = ("landing_page", "share_page", "portal_page", "terms_page")
NEEDS_OPEN = ("join_form", "friend_form", "refer_by_name")
SENT = {"friend_form": "thanks", "refer_by_name": "named"}  # what the page says once the form was sent


@dataclass(frozen=True, slots=True)
class Action:
    """A button: what it says, and where it leads."""

    text: str
    href: str


def action_for(
    *, aim: str, text: str, audience: Audience, program: Program | None, page: object = None
) -> Action | None:
    """The button to show, or None: without a text, and for a form that is closed or was just sent. Whoever
    has joined already is led to their link instead: on this page, or on the share page where this one has no share
    panel."""
    if not aim or not text:
        return None
    if aim == "join_form" and program is not None and not audience.is_sample and audience.session(program):
        shown = page is None or any(block.template_name == "share_panel" for block, _value in blocks_of(page))
        aim, text = "share_panel" if shown else "share_page", _now("Go to my link")
    if aim in NEEDS_OPEN and program is not None and not program.is_open:
        return None
    if audience.told and audience.told == SENT.get(aim):
        return None
    if aim in PAGES:
        href = audience.page_href(program, aim) if program is not None else ""
        return Action(text, href) if href else None
    return Action(text, "#" + aim.replace("_", "-"))
