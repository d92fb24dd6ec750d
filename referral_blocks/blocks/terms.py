"""The programme's terms as they are in force."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .base import ReferralBlock
from .texts import words


class TermsBlock(ReferralBlock):
    template_name = "terms"

    heading = blocks.CharBlock(max_length=90, default=words(_("The small print")), label=_("Heading"))
    collapsed = blocks.BooleanBlock(
        required=False, default=True, label=_("Folded"), help_text=_("Visitors unfold the text with a click.")
    )

    class Meta:
        icon = "doc-full"
        label = _("Terms")
        description = _("The programme’s terms, always in the version that is in force.")
