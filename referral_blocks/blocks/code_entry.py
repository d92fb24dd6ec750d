"""A field for the code that a friend was told."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import CodeForm, form_for
from .texts import words


class CodeEntryBlock(ReferralBlock):
    """A good code leads on as the referrer's link would, a bad one says so and nothing more."""

    template_name = "code_entry"
    needs_open = True

    heading = blocks.CharBlock(max_length=90, default=words(_("Got a code from a friend?")), label=_("Heading"))
    text = blocks.TextBlock(required=False, default=words(_("Type it here to claim your gift.")), label=_("Text"))
    button = blocks.CharBlock(max_length=40, default=words(_("Use this code")), label=_("Button text"))

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        ids = {"form_id": context["form_id"], "anchor": context["anchor"]}
        return {
            "invitation": audience.invitation(program),
            "form": form_for(CodeForm, audience=audience, program=program, **ids),
        }

    class Meta:
        icon = "key"
        label = _("Code entry")
        description = _("A friend types a referrer’s code and is led to the programme’s landing page.")
