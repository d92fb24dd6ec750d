"""The hero: who invites whom to what, and the one thing to do next."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Phase, Program

from .aims import AIMS, action_for
from .audience import Audience
from .base import Context, ReferralBlock
from .picture import PictureBlock
from .promises import promises
from .texts import words

SPEAKS_TO = [("friend", _("An invited friend")), ("referrer", _("A customer who shares"))]
LONG_WORDS = (22, 17, 14, 12)  # letters from which the stylesheet makes a heading smaller


class HeroBlock(ReferralBlock):
    template_name = "hero"
    needs_program = False
    needs_open = True
    heads_page = True

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
    image = PictureBlock(
        required=False, label=_("Picture"),
        help_text=_("Beside the words on wide screens, below them on phones. One subject works best."),
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
        aim, text = value.get("action_aim") or "", value.get("action_text") or ""
        reader = value.get("speaks_to") or "friend"
        greets = program is not None and value.get("greeting")
        return {
            "invitation": audience.invitation(program) if program is not None and greets else None,
            "promises": promises(context["offer"], program=program, reader=reader) if program is not None else None,
            "is_first": context["anchor"] == "hero",
            "letters": _long_word(value.get("heading") or ""),
            "action": action_for(aim=aim, text=text, audience=audience, program=program, page=context.get("page")),
            "is_over": program is not None and program.phase == Phase.ENDED,
            "is_closed": program is not None and program.phase not in (Phase.OPEN, Phase.DRAFT),
        }

    class Meta:
        icon = "title"
        label = _("Hero with greeting and offer")
        description = _("The top of the page: a greeting for invited friends, the offer, and one clear button.")


def _long_word(heading: str) -> int:
    """The step of LONG_WORDS that the heading's longest word reaches, or 0."""
    letters = max(map(len, heading.replace("-", " ").split()), default=0)
    return next((step for step in LONG_WORDS if letters >= step), 0)
