"""A programme's figures for its public pages: round, a few minutes old, and nobody's in particular."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.core.cache import cache

from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.selectors import ISSUED

SECONDS = 600  # a count reads an index from end to end: not once a visitor


@dataclass(frozen=True, slots=True)
class Figures:
    """``friends`` left their details, ``customers`` of them buy, ``rewards`` were given to either side."""

    friends: int
    customers: int
    rewards: int


def public_figures(*, program: Program) -> Figures:
    """Three counts, kept in the site's cache for ten minutes."""
    key = f"referral_blocks.figures.{program.pk}"
    kept = cache.get(key)
    if kept is None:
        friends = Referral.objects.filter(program=program)
        kept = asdict(
            Figures(
                friends=friends.count(),
                customers=friends.filter(stage=Stage.QUALIFIED).count(),
                rewards=Reward.objects.filter(program=program, state__in=ISSUED).count(),
            )
        )
        cache.set(key, kept, SECONDS)
    return Figures(**kept)


def rounded(number: int) -> int:
    """Down to two digits that say something: 1 284 → 1 200, 57 → 50, so that “more than” is always true."""
    if number < 10:
        return number
    step = 10 ** max(1, len(str(number)) - 2)
    return number - number % step
