"""What both sides get, as cards: read from the reward rules, so that nobody types a promise twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Phase, Program

from .audience import Audience
from .base import Context, ReferralBlock
from .hero import SPEAKS_TO
from .promises import Promise, promises
from .texts import words


@dataclass(frozen=True, slots=True)
class OfferSide:
    """One side's rewards; ``name`` is the referrer's, where they have agreed to it."""

    side: str
    promise: Promise
    is_first: bool
    name: str = ""


class OfferCardsBlock(ReferralBlock):
    template_name = "offer_cards"
    needs_open = True

    heading = blocks.CharBlock(required=False, max_length=90, default=words(_("What you both get")), label=_("Heading"))
    text = blocks.TextBlock(required=False, label=_("Text"))
    speaks_to = blocks.ChoiceBlock(
        choices=SPEAKS_TO, default="friend", label=_("Speaks to"), help_text=_("Decides whose reward comes first.")
    )
    show_details = blocks.BooleanBlock(
        required=False, default=True, label=_("Say when it is earned"),
        help_text=_("When each reward is earned and what limits it, in the words of its rule."),
    )  # fmt: skip

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        first = value.get("speaks_to") or "friend"
        invitation = audience.invitation(program) if first == "friend" else None
        name = invitation.name if invitation else ""
        told = promises(context["offer"], program=program, reader=first)
        both = {"friend": told.friend, "referrer": told.referrer}
        order = sorted(both, key=lambda side: side != first)
        sides = [OfferSide(side, promise, side == first, name) for side in order if (promise := both[side])]
        return {"sides": sides, "is_over": program.phase == Phase.ENDED}

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        offer = audience.promise(program) if program else None
        if offer is None or offer.friend or offer.referrer:
            return ""
        return _now("“%(name)s” has no active reward rule. Add one to the programme, and its card appears here.") % {
            "name": program.name if program else ""
        }

    class Meta:
        icon = "pick"
        label = _("Offer cards")
        description = _("What the friend and the referrer get, when and how much, straight from the reward rules.")
