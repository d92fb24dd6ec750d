"""The form with which an invited friend leaves their details."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import FriendForm, form_for
from .texts import words


class FriendFormBlock(ReferralBlock):
    template_name = "friend_form"

    heading = blocks.CharBlock(max_length=90, default=words(_("Claim your welcome gift")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, default=words(_("Leave your details and we get in touch.")), label=_("Text")
    )
    ask_phone = blocks.BooleanBlock(
        required=False, default=True, label=_("Ask for a phone number"), help_text=_("It stays optional for friends.")
    )
    button = blocks.CharBlock(max_length=40, default=words(_("Claim my gift")), label=_("Button text"))
    thanks_heading = blocks.CharBlock(max_length=90, default=words(_("Thank you!")), label=_("Thank-you heading"))
    thanks_text = blocks.TextBlock(
        required=False, default=words(_("We have your details and get in touch soon.")), label=_("Thank-you text")
    )

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        invitation = audience.invitation(program)
        ids = {"form_id": context["form_id"], "anchor": context["anchor"]}
        form = form_for(FriendForm, audience=audience, program=program, **ids)
        form.initial["token"] = invitation.token if invitation else ""
        if not value.get("ask_phone"):
            form.fields.pop("phone", None)
        return {
            "form": form,
            "invitation": invitation,
            "folded": "code" if invitation else "",  # who invited the friend is known, a code is the exception
            "thanked": audience.told == "thanks" and not form.is_bound,
        }

    class Meta:
        icon = "form"
        label = _("Friend’s form")
        description = _("An invited friend leaves name, e-mail and, if they like, a phone number.")
