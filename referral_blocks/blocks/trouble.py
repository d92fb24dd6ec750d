"""What keeps a block from showing, in a sentence that tells an editor what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from referral_blocks.programs.models import Phase, Program

from .audience import Audience

if TYPE_CHECKING:
    from .base import ReferralBlock


def trouble(block: ReferralBlock, value: Any, *, audience: Audience, program: Program | None, page: object) -> str:
    """The first thing that is wrong, or nothing; the same words stand in the preview and in the editor."""
    chosen = (value or {}).get("program")
    if program is None:
        words = _missing(block, is_chosen=bool(chosen), page=page)
    else:
        words = _closed(program, needs_open=block.needs_open, is_draft=audience.is_draft(program))
    return words or block.own_trouble(value, audience=audience, program=program)


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
