"""Who brought the most customers in the period that runs now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule, Trigger

from .audience import Audience
from .base import Context, ReferralBlock
from .texts import words


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One place as it is shown, with the prizes that wait for it."""

    rank: int
    name: str
    friends: int
    is_own: bool
    prizes: list[str]


class LeaderboardBlock(ReferralBlock):
    """For everybody; a verified referrer sees their own place, too. Names stand here with consent only."""

    template_name = "leaderboard"

    heading = blocks.CharBlock(max_length=90, default=words(_("Who brings the most friends")), label=_("Heading"))
    text = blocks.TextBlock(required=False, label=_("Text"))
    places = blocks.IntegerBlock(
        min_value=3, max_value=50, default=10, label=_("Places"), help_text=_("How many are shown.")
    )
    show_prizes = blocks.BooleanBlock(
        required=False, default=True, label=_("Show the prizes"), help_text=_("From the reward rules for leaderboards.")
    )

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        board = audience.board(program, limit=min(max(value.get("places") or 10, 1), 50))
        session = audience.session(program)
        verified = session.referrer if session and session.verified else None
        prizes = _prizes(audience, program) if value.get("show_prizes") else []
        rows = [
            BoardRow(
                place.rank,
                place.name,
                place.friends,
                is_own=verified is not None and place.referrer.pk == verified.pk,
                prizes=[rule.title for rule in prizes if rule.rank_from <= place.rank <= rule.rank_to],
            )
            for place in board.places
        ]
        return {
            "board": board,
            "rows": rows,
            "prizes": prizes,
            "referrer": verified,
            "own": audience.own_place(verified) if verified else None,
            "is_on_it": any(row.is_own for row in rows),
        }

    class Meta:
        icon = "list-ol"
        label = _("Leaderboard")
        description = _("The referrers with the most new customers in this period; names only of those who agreed.")


def _prizes(audience: Audience, program: Program) -> list[RewardRule]:
    return sorted(audience.rules_for(program, Trigger.PERIOD), key=lambda rule: (rule.rank_from, rule.rank_to))
