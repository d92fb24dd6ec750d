"""What keeps a block from showing, in a sentence that tells an editor what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from referral_blocks.programs.models import Phase, Program

from .aims import AIMS, PAGES
from .audience import Audience
from .walk import blocks_of

if TYPE_CHECKING:
    from .base import ReferralBlock


# Whichever of these asks a visitor to sign in stands where “Your friends and rewards” would.
STANDS_FOR = {"standing": ("standing", "stats", "rewards_table", "friends_list", "points")}


def trouble(block: ReferralBlock, value: Any, *, audience: Audience, program: Program | None, page: object) -> str:
    """The first thing that is wrong, or nothing; the same words stand in the preview and in the editor."""
    chosen = (value or {}).get("program")
    if program is None:
        words = _missing(block, is_chosen=bool(chosen), page=page)
    else:
        words = _closed(program, needs_open=block.needs_open, is_draft=audience.is_draft(program))
    return (
        words
        or block.own_trouble(value, audience=audience, program=program)
        or _dead_end(block, value, audience=audience, program=program, page=page)
    )


def _dead_end(block: ReferralBlock, value: Any, *, audience: Audience, program: Program | None, page: object) -> str:
    """A button that leads nowhere: to a page that is not there, or to a block that this page does not have."""
    aim, text = ((value or {}).get(name) for name in ("action_aim", "action_text"))
    if not aim or not text:
        return ""
    values = {"aim": dict(AIMS).get(aim, aim)}
    if aim in PAGES:
        if program is None or audience.page_href(program, aim):
            return ""
        return _("The button leads to “%(aim)s”, but none is published. Visitors see no button.") % values
    if page is None or any(other.template_name in STANDS_FOR.get(aim, (aim,)) for other, _value in blocks_of(page)):
        return ""
    return _("The button leads to “%(aim)s”, but there is no such block here. Add it, or aim elsewhere.") % values


def _missing(block: ReferralBlock, *, is_chosen: bool, page: object) -> str:
    if is_chosen:
        return _(
            "The programme chosen in this block was deleted, or belongs to another site. Choose another one behind the "
            "cog. Visitors see nothing of it until then."
        )
    if getattr(page, "program_id", None):
        return _(
            "The page’s programme belongs to another site. Choose one of this site for the page. Visitors see nothing "
            "of it until then."
        )
    if not block.needs_program:
        return ""
    return _(
        "This block needs a programme: choose one for the page or in the block. Visitors see nothing here until then."
    )


def _closed(program: Program, *, needs_open: bool, is_draft: bool) -> str:
    values = {"name": program.name}
    if is_draft:
        return _("“%(name)s” is a draft. Visitors see nothing of it until you set it live.") % values
    match program.phase:
        case Phase.PAUSED if needs_open:
            return _("“%(name)s” is paused. Visitors read here that it is taking a break.") % values
        case Phase.ENDED if needs_open:
            return _("“%(name)s” has ended. Visitors read that here; choose another programme or remove the block.") % (
                values
            )
        case Phase.SCHEDULED if needs_open:
            return _("“%(name)s” has not started yet. Visitors read here when it does.") % values
    return ""
