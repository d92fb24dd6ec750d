"""The hero: who invites whom to what, and the one thing to do next."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .texts import words

SPEAKS_TO = [("friend", _("An invited friend")), ("referrer", _("A customer who shares"))]
AIMS = [
    ("friend_form", _("The friend’s form on this page")),
    ("join_form", _("The join form on this page")),
    ("share_panel", _("The share panel on this page")),
    ("standing", _("“Your friends and rewards” on this page")),
]


class HeroBlock(ReferralBlock):
    template_name = "hero"
    needs_program = False

    speaks_to = blocks.ChoiceBlock(
        choices=SPEAKS_TO, default="friend", label=_("Speaks to"), help_text=_("Decides whose reward comes first.")
    )
    greeting = blocks.BooleanBlock(
        required=False, default=True, label=_("Greet invited friends"),
        help_text=_("Says “Alex invited you” where Alex has agreed to it, and something neutral otherwise."),
    )  # fmt: skip
    heading = blocks.CharBlock(max_length=90, default=words(_("Good things are better shared")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, label=_("Text"), default=words(_("Leave your details and your welcome gift is yours.")),
        help_text=_("One or two short sentences."),
    )  # fmt: skip
    show_offer = blocks.BooleanBlock(
        required=False, default=True, label=_("Show the offer"),
        help_text=_("What both sides get, taken from the programme’s reward rules."),
    )  # fmt: skip
    action_text = blocks.CharBlock(
        required=False, max_length=40, default=words(_("Get my gift")), label=_("Button text"),
        help_text=_("Empty: no button."),
    )  # fmt: skip
    action_aim = blocks.ChoiceBlock(choices=AIMS, default="friend_form", label=_("Button leads to"))

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        aim = value.get("action_aim") or ""
        greets = program is not None and value.get("greeting")
        invitation = audience.invitation(program) if program is not None and greets else None
        action_text = value.get("action_text") or ""
        if aim == "join_form" and action_text and program is not None and audience.session(program):
            aim, action_text = "share_panel", _("Go to my link")  # joined already: the next thing to do is to share
        needs_open = aim in ("join_form", "friend_form")
        offers_action = bool(aim and action_text) and not (program and needs_open and not program.is_open)
        return {
            "invitation": invitation,
            "is_first": context["anchor"] == "hero",
            "action_text": action_text,
            "action_anchor": aim.replace("_", "-") if offers_action else "",
        }

    class Meta:
        icon = "title"
        label = _("Hero with greeting and offer")
        description = _("The top of the page: a greeting for invited friends, the offer, and one clear button.")
