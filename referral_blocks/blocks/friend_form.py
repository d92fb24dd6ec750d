"""The form with which an invited friend leaves their details."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import FriendForm, form_for
from .friend_fields import PHONE, FriendFieldsBlock, sign_fields
from .texts import words


def default_fields() -> list[tuple[str, dict[str, Any]]]:
    return [(PHONE, {"label": "", "help_text": _now("Only if you would rather be called."), "required": False})]


class FriendFormBlock(ReferralBlock):
    template_name = "friend_form"
    needs_open = True
    in_settings = ("thanks_heading", "thanks_text", "program")

    heading = blocks.CharBlock(max_length=90, default=words(_("Claim your welcome gift")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, default=words(_("Leave your details and we get in touch.")), label=_("Text")
    )
    fields = FriendFieldsBlock(
        required=False, default=default_fields, label=_("More fields"),
        help_text=_("Name and e-mail are always there. Ask for what you need to get in touch, and no more."),
    )  # fmt: skip
    button = blocks.CharBlock(max_length=40, default=words(_("Claim my gift")), label=_("Button text"))
    thanks_heading = blocks.CharBlock(max_length=90, default=words(_("Thank you!")), label=_("Thank-you heading"))
    thanks_text = blocks.TextBlock(
        required=False, default=words(_("We have your details and get in touch soon.")), label=_("Thank-you text")
    )

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        invitation = audience.invitation(program)
        form = form_for(
            FriendForm,
            audience=audience,
            program=program,
            form_id=context["form_id"],
            anchor=context["anchor"],
            token=invitation.token if invitation else "",
            fields_asked=sign_fields(value.get("fields")),
        )
        return {
            "form": form,
            "invitation": invitation,
            "folded": "code" if invitation else "",  # who invited the friend is known, a code is the exception
            "thanked": audience.told == "thanks" and not form.is_bound,
        }

    class Meta:
        icon = "form"
        label = _("Friend’s form")
        description = _("An invited friend leaves name, e-mail, and what else you ask for.")
