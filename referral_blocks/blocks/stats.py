"""A referrer's figures in a row."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.referrers.session import Session

from .audience import Audience
from .base import Context
from .personal import PersonalBlock
from .texts import words

FIGURES = [
    ("visits", _("Visits through the link")),
    ("friends", _("Friends who left their details")),
    ("qualified", _("Friends who became customers")),
    ("pending", _("Value of rewards on their way")),
    ("earned", _("Value of rewards received")),
]
LABELS = {
    "visits": _("Visits"),
    "friends": _("Friends"),
    "qualified": _("Customers"),
    "pending": _("On its way"),
    "earned": _("Received"),
}


class StatsBlock(PersonalBlock):
    template_name = "stats"

    heading = blocks.CharBlock(required=False, max_length=90, default=words(_("So far")), label=_("Heading"))
    figures = blocks.MultipleChoiceBlock(
        choices=FIGURES, default=[name for name, _label in FIGURES], required=False, label=_("Figures"),
        help_text=_("None chosen: all of them."),
    )  # fmt: skip

    def personal_context(self, value: Any, *, audience: Audience, session: Session, context: Context) -> Context:
        standing = audience.standing(session.referrer)
        chosen = value.get("figures") or list(LABELS)
        figures = [(LABELS[name], getattr(standing, name), name) for name in LABELS if name in chosen]
        return {"figures": figures, "is_new": not standing.friends and not standing.visits}

    class Meta:
        icon = "view"
        label = _("Your figures")
        description = _("What a referrer has achieved, in a row of numbers.")
