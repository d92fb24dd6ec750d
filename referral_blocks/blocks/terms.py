"""The programme's terms as they are in force."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .texts import words


class TermsBlock(ReferralBlock):
    template_name = "terms"

    heading = blocks.CharBlock(max_length=90, default=words(_("The small print")), label=_("Heading"))
    collapsed = blocks.BooleanBlock(
        required=False, default=True, label=_("Folded"), help_text=_("Visitors unfold the text with a click.")
    )

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        return {"version": audience.terms_version(program) if program and program.terms else None}

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        if program is None or program.terms:
            return ""
        return _now("“%(name)s” has no terms. Write them in the programme, and they stand here.") % {
            "name": program.name
        }

    class Meta:
        icon = "doc-full"
        label = _("Terms")
        description = _("The programme’s terms, always in the version that is in force.")
