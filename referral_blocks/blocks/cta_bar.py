"""A bar with the one thing to do; on phones it stays in reach at the bottom of the screen."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .aims import AIMS, action_for
from .audience import Audience
from .base import Context, ReferralBlock
from .texts import words


class CtaBarBlock(ReferralBlock):
    """Put last on the page: it sticks while what stands above it is read, and covers nothing at the end."""

    template_name = "cta_bar"
    needs_open = True

    text = blocks.CharBlock(
        required=False, max_length=80, default=words(_("Your welcome gift is waiting.")), label=_("Text")
    )
    action_text = blocks.CharBlock(max_length=40, default=words(_("Get my gift")), label=_("Button text"))
    action_aim = blocks.ChoiceBlock(choices=AIMS, default="friend_form", label=_("Button leads to"))
    sticky = blocks.BooleanBlock(
        required=False, default=True, label=_("Stays in reach on phones"),
        help_text=_("At the bottom of the screen while people read. Put the block last on the page."),
    )  # fmt: skip

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        aim, text = value.get("action_aim") or "", value.get("action_text") or ""
        page = context.get("page")
        return {"action": action_for(aim=aim, text=text, audience=audience, program=program, page=page)}

    class Meta:
        icon = "arrow-right"
        label = _("Call-to-action bar")
        description = _("One line and one button, always in reach on phones.")
