"""The ask on a thank-you page: somebody has just bought, and is happy."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import JoinForm, form_for
from .promises import promises
from .texts import words


class PostPurchaseBlock(ReferralBlock):
    """Who has bought is known to the host alone. It may say so in ``request.referral_customer``, a mapping with
    ``email`` and ``name``; nothing is ever taken from the address."""

    template_name = "post_purchase"
    needs_open = True

    heading = blocks.CharBlock(
        max_length=90, default=words(_("Thank you! Know somebody who would like this, too?")), label=_("Heading")
    )
    text = blocks.TextBlock(
        required=False, label=_("Text"),
        default=words(_("Get your own link. When a friend buys through it, you both get something.")),
    )  # fmt: skip
    show_offer = blocks.BooleanBlock(
        required=False, default=True, label=_("Show the offer"),
        help_text=_("What both sides get, taken from the programme’s reward rules."),
    )  # fmt: skip
    button = blocks.CharBlock(max_length=40, default=words(_("Get my link")), label=_("Button text"))

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        form = form_for(
            JoinForm,
            audience=audience,
            program=program,
            form_id=context["form_id"],
            anchor=context["anchor"],
            **audience.customer,
        )
        session = None if audience.is_sample else audience.session(program)
        share_href = audience.page_href(program, "share_page") if session else ""
        told = promises(context["offer"], program=program, reader="referrer")
        return {"form": form, "session": session, "share_href": share_href, "promises": told}

    class Meta:
        icon = "mail"
        label = _("Post-purchase ask")
        description = _("For a thank-you page: invites the customer who has just bought to pass you on.")
