"""A referrer exchanges points for a reward that is priced in points."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import Conflict, NotFound, NotPossibleNow
from referral_blocks.core.text import clean_text
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.models import Reason, Reward, RewardRule, Trigger
from referral_blocks.rewards.rule import Happening
from referral_blocks.rewards.selectors import points_offers
from referral_blocks.rewards.services import Sides, has_had_enough

from .earn_rewards import earn_rewards
from .join_program import require_open
from .redeem_points import redeem_points
from .return_points import EXCHANGE


@dataclass(frozen=True, slots=True)
class Exchanged:
    """``created`` is False when the same exchange was delivered before."""

    reward: Reward
    created: bool


def exchange_points(*, referrer: Referrer, rule: RewardRule, exchange_id: str) -> Exchanged:
    """Take the rule's price and promise its reward, both or neither; the same ``exchange_id`` does it once.

    Raises NotFound (path ``offer``) for what is not offered here, InvalidInput (path ``redemptionId``) and Conflict for
    a bad or used id, and NotPossibleNow when the programme is closed (``program_closed``), the points do not suffice
    (``not_enough_points``), nothing is left of it or the person has had the most of it (``offer_closed``); then nothing
    is written.
    """
    program = referrer.program
    priced = RewardRule.objects.filter(program=program, pk=rule.pk, trigger=Trigger.POINTS, points_price__isnull=False)
    offer = priced.first()
    if offer is None or offer.points_price is None:
        raise NotFound(_("There is no such offer in this programme."), path=("offer",))
    exchange = clean_text(exchange_id, max_length=64, path=("redemptionId",))
    with transaction.atomic():
        lock_standing(referrer=referrer)
        # Before anything is refused: a second delivery finds what the first has done, whatever changed since.
        key = f"{EXCHANGE}{exchange}"
        if done := Reward.objects.filter(rule=offer, person=referrer.person, trigger_key=key).first():
            return Exchanged(done, created=False)
        require_open(program)
        if not points_offers(program_id=program.pk).filter(pk=offer.pk).exists():
            raise _closed()
        if has_had_enough(rule=offer, person=referrer.person):
            raise _closed()
        redeemed = redeem_points(
            program=program,
            person=referrer.person,
            points=offer.points_price,
            redemption_id=exchange,
            note=offer.title,
        )
        if not redeemed.created:
            raise Conflict(_("This redemption id was used for something else."), path=("redemptionId",))
        happening = Happening(trigger=Trigger.POINTS, at=timezone.now(), rule_id=offer.pk)
        rewards = earn_rewards(program=program, happening=happening, sides=Sides(referrer), trigger_key=key)
        # Points are not taken for something that may never come.
        if not rewards or rewards[0].pending_reasons.filter(reason=Reason.STOCK).exists():
            raise _closed()
        return Exchanged(rewards[0], created=True)


def _closed() -> NotPossibleNow:
    return NotPossibleNow(_("This is not offered any more."), code="offer_closed", path=("offer",))
