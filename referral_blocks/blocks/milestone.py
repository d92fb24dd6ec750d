"""How far it is to the next milestone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.analytics.standing import Standing
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import Side, Trigger

from .audience import Audience
from .base import Context, ReferralBlock
from .texts import words


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of the ladder: reached, next, or ahead."""

    number: int
    titles: list[str]
    state: str


class MilestoneBlock(ReferralBlock):
    """The ladder of milestones for everybody; with the way to the next one for a verified referrer."""

    template_name = "milestone"

    heading = blocks.CharBlock(max_length=90, default=words(_("Your next milestone")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, default=words(_("The more friends become customers, the more comes back to you.")),
        label=_("Text"),
    )  # fmt: skip

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        session = audience.session(program)
        if session is None or not session.verified:
            return {"referrer": None, "ladder": _ladder(audience, program, None)}
        standing = audience.standing(session.referrer)
        return {
            "referrer": session.referrer,
            "standing": standing,
            "next": standing.next_milestone,
            "ladder": _ladder(audience, program, standing),
        }

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        if program is None or _ladder(audience, program, None):
            return ""
        return str(
            _("No reward rule of this programme begins at a later friend than the first: there is no milestone.")
        )

    class Meta:
        icon = "order-up"
        label = _("Progress to the next milestone")
        description = _("How many more friends it takes to the next reward, drawn and in words.")


def _ladder(audience: Audience, program: Program, standing: Standing | None) -> list[Step]:
    """The numbers of friends from which something is promised, the nearest first; empty where every friend brings the
    same. What the standing names as next decides: a milestone that was reached stays reached when a friend falls away.
    """
    rungs: dict[int, list[str]] = {}
    for rule in audience.rules_for(program, Trigger.SALE):
        if rule.side == Side.REFERRER:
            rungs.setdefault(rule.friend_from, []).append(rule.title)
    if max(rungs, default=1) == 1:
        return []
    return [Step(number, rungs[number], _state(number, standing)) for number in sorted(rungs)]


def _state(number: int, standing: Standing | None) -> str:
    if standing is None:
        return "ahead"
    coming = standing.next_milestone
    if coming is None or number < coming.friend_number:
        return "reached"
    return "next" if number == coming.friend_number else "ahead"
