"""A referrer's points, and what they can be exchanged for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.core.money import POINTS, Money
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session
from referral_blocks.rewards.models import RewardRule

from .audience import Audience
from .base import Context
from .personal import PersonalBlock
from .portal_forms import ExchangeForm, next_exchange, portal_form
from .texts import words


@dataclass(frozen=True, slots=True)
class PointsOffer:
    """Something that points buy; ``missing`` is what the balance lacks, 0 where it can be had now."""

    title: str
    price: Money
    missing: Money
    stock: int | None
    form: ExchangeForm | None


class PointsBlock(PersonalBlock):
    template_name = "points"

    heading = blocks.CharBlock(max_length=90, default=words(_("Your points")), label=_("Heading"))
    show_offers = blocks.BooleanBlock(
        required=False, default=True, label=_("Show what points can be exchanged for"),
        help_text=_("From the reward rules that are priced in points."),
    )  # fmt: skip
    button = blocks.CharBlock(max_length=40, default=words(_("Exchange")), label=_("Button text"))

    def personal_context(self, value: Any, *, audience: Audience, session: Session, context: Context) -> Context:
        points = audience.points(session.referrer)
        rules = audience.points_offers(session.referrer.program) if value.get("show_offers") else []
        offers = [_offer(rule, points.left, audience, session.referrer, context) for rule in rules]
        return {"points": points, "offers": offers}

    class Meta:
        icon = "pick"
        label = _("Your points")
        description = _("How many points a referrer has, when they expire, and what they can be exchanged for.")


def _offer(rule: RewardRule, left: int, audience: Audience, referrer: Referrer, context: Context) -> PointsOffer:
    price, program = rule.points_price or 0, referrer.program
    form = None
    if left >= price and program.is_open:
        done = audience.exchanges(referrer).get(rule.pk, 0)
        exchange = next_exchange(referrer=referrer, rule=rule, done=done)
        form = portal_form(
            ExchangeForm, audience=audience, program=program, offer=rule.pk, exchange=exchange,
            form_id=f"{context['form_id']}-{rule.pk}", anchor=f"{context['anchor']}-{rule.pk}",
        )  # fmt: skip
    return PointsOffer(rule.title, Money(price, POINTS), Money(max(price - left, 0), POINTS), rule.stock, form)
