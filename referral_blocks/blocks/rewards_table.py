"""A referrer's rewards, what each one waits for, and the way to each."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.referrers.session import Session

from .audience import Audience
from .base import Context
from .personal import PersonalBlock
from .texts import words


class RewardsTableBlock(PersonalBlock):
    template_name = "rewards_table"

    heading = blocks.CharBlock(max_length=90, default=words(_("Your rewards")), label=_("Heading"))
    empty_text = blocks.TextBlock(
        required=False, label=_("Text while there is none"),
        default=words(_("None yet. Your first one comes with your first friend who becomes a customer.")),
    )  # fmt: skip

    def personal_context(self, value: Any, *, audience: Audience, session: Session, context: Context) -> Context:
        return {"listed": audience.reward_rows(session.referrer)}

    class Meta:
        icon = "table"
        label = _("Your rewards")
        description = _("A referrer’s rewards with dates, what each one waits for, and a link to claim it.")
