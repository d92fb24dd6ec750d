"""Takes the locks of rewards in the one order that every transaction keeps: standings, then rewards."""

from __future__ import annotations

from collections.abc import Iterable

from referral_blocks.referrers.models import ReferrerStanding

from .models import Reward


def lock_rewards(*, ids: Iterable[int]) -> list[Reward]:
    """The rewards, read afresh with programme and rule, locked together with the standings that count them.

    Who changes what a standing counts, a limit or several rewards calls this first; inside a transaction only.
    """
    rewards = Reward.objects.filter(pk__in=list(ids))
    referrers = sorted({pk for pk in rewards.values_list("referrer_id", flat=True) if pk is not None})
    # A list, so that the query runs: the rows come in one order, and so do their locks.
    list(ReferrerStanding.objects.select_for_update().filter(referrer_id__in=referrers).order_by("referrer_id"))
    locked = rewards.select_for_update(of=("self",)).select_related("program", "rule", "person", "referral")
    return list(locked.order_by("pk"))
