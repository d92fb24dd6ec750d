"""The form for a friend who has no link at hand, and says by name who told them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import ReferByNameForm, form_for
from .texts import words


class ReferByNameBlock(ReferralBlock):
    """Everybody gets the same thanks: any other answer would tell who takes part."""

    template_name = "refer_by_name"
    needs_open = True
    in_settings = ("thanks_heading", "thanks_text", "program")

    heading = blocks.CharBlock(max_length=90, default=words(_("Did somebody tell you about us?")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, label=_("Text"),
        default=words(_("Tell us who it was. We look it up, so that you both get what you are due.")),
    )  # fmt: skip
    button = blocks.CharBlock(max_length=40, default=words(_("Send")), label=_("Button text"))
    thanks_heading = blocks.CharBlock(max_length=90, default=words(_("Thank you!")), label=_("Thank-you heading"))
    thanks_text = blocks.TextBlock(
        required=False, default=words(_("We look into it and get back to you.")), label=_("Thank-you text")
    )

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        ids = {"form_id": context["form_id"], "anchor": context["anchor"]}
        form = form_for(ReferByNameForm, audience=audience, program=program, **ids)
        return {"form": form, "thanked": audience.told == "named" and not form.is_bound}

    class Meta:
        icon = "user"
        label = _("“Who told you about us?”")
        description = _("For friends without a link: they name who told them, and your team confirms it.")
