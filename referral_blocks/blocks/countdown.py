"""How long a programme still runs."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Phase, Program

from .audience import Audience
from .base import Context, ReferralBlock
from .texts import words

HOUR = 3600


class CountdownBlock(ReferralBlock):
    """The date stands in words, in the programme's time zone; a script adds hours and minutes, which a page out of a
    cache could not know."""

    template_name = "countdown"

    heading = blocks.CharBlock(max_length=90, default=words(_("Only for a while")), label=_("Heading"))
    text = blocks.TextBlock(required=False, label=_("Text"))
    ended_text = blocks.TextBlock(
        required=False, default=words(_("This offer has ended. What was promised is kept.")),
        label=_("Text once it is over"),
    )  # fmt: skip

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        now, end = timezone.now(), program.ends_at
        is_over = program.phase == Phase.ENDED
        if end is None and audience.is_sample:
            end = now + timedelta(days=12, hours=3)
        # Paused: whether it ends at that moment is not known any more.
        is_shown = is_over or (end is not None and program.phase in (Phase.OPEN, Phase.SCHEDULED, Phase.DRAFT))
        if not is_shown or end is None:
            return {"is_shown": is_shown, "is_over": is_over}
        left = max(0, int((end - now).total_seconds()))
        return {
            "is_shown": True,
            "is_over": is_over,
            "end": end,
            "moment": end.astimezone(zoneinfo.ZoneInfo(program.time_zone)).isoformat(timespec="seconds"),
            "days": left // (24 * HOUR),
            "hours": left // HOUR % 24,
            "minutes": left // 60 % 60,
        }

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        if program is None or program.ends_at is not None or program.phase == Phase.ENDED:
            return ""
        return _now("“%(name)s” has no end. Give it one, or remove the block; visitors see nothing here.") % {
            "name": program.name
        }

    class Meta:
        icon = "time"
        label = _("Countdown")
        description = _("How long the programme still runs, in its own time zone.")
