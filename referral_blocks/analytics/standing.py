"""What a referrer sees of their own progress."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from referral_blocks.core.money import Money
from referral_blocks.links.models import Visit
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward, RewardState


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts, and the value of rewards on their way and received, in the programme's currency."""

    visits: int
    friends: int
    qualified: int
    pending: Money
    earned: Money


def standing_of(*, referrer: Referrer) -> Standing:
    """The referrer's standing now, in three queries."""
    friends = Referral.objects.filter(referrer=referrer).aggregate(
        all=Count("pk"), qualified=Count("pk", filter=Q(stage=Stage.QUALIFIED))
    )
    underway = Q(state__in=(RewardState.PENDING, RewardState.APPROVED, RewardState.RESERVED))
    rewards = Reward.objects.filter(person_id=referrer.person_id, program_id=referrer.program_id).aggregate(
        pending=Sum("amount_minor", filter=underway, default=0),
        earned=Sum("amount_minor", filter=Q(state=RewardState.ISSUED), default=0),
    )
    currency = referrer.program.currency
    return Standing(
        visits=Visit.objects.filter(link__referrer=referrer).count(),
        friends=friends["all"],
        qualified=friends["qualified"],
        pending=Money(rewards["pending"], currency),
        earned=Money(rewards["earned"], currency),
    )
