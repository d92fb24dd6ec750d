"""The form with which a customer joins a programme."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import JoinForm, form_for
from .texts import words


class JoinFormBlock(ReferralBlock):
    template_name = "join_form"
    needs_open = True

    heading = blocks.CharBlock(max_length=90, default=words(_("Get your link")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, default=words(_("Takes half a minute. No password needed.")), label=_("Text")
    )
    button = blocks.CharBlock(max_length=40, default=words(_("Get my link")), label=_("Button text"))

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        ids = {"form_id": context["form_id"], "anchor": context["anchor"]}
        return {
            "session": None if audience.is_sample else audience.session(program),
            "form": form_for(JoinForm, audience=audience, program=program, **ids),
        }

    class Meta:
        icon = "form"
        label = _("Join form")
        description = _("A customer leaves name and e-mail, and gets a personal link at once.")
