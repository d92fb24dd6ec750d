"""What a referrer sees of their own progress: one read of one row, whatever the history's size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from referral_blocks.core.money import Money
from referral_blocks.fraud.selectors import not_blocked
from referral_blocks.links.models import ReferralLink, Visit
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer, ReferrerStanding
from referral_blocks.rewards.milestones import MILESTONE, still_reached
from referral_blocks.rewards.models import Reward, RewardRule, RewardState, Side, Trigger

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Milestone:
    """The next number of customers from which a reward is promised, and how many are missing."""

    friend_number: int
    missing: int
    title: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts, and the value of rewards on their way and received, in the programme's currency. ``qualified`` are the
    friends who are customers now and count: not those who were blocked on the referrer's side."""

    visits: int
    friends: int
    qualified: int
    pending: Money
    earned: Money
    next_milestone: Milestone | None = None


def standing_of(*, referrer: Referrer) -> Standing:
    """The referrer's standing now, in one query: the row that every change keeps, the few visits that are not rolled up
    into it yet, and the rule that comes next."""
    names = ("visits", "friends", "qualified", "pending_minor", "earned_minor")
    kept = {name: Coalesce(F(f"standing_row__{name}"), Value(0)) for name in names}
    rule = _next_rules()
    row: dict[str, Any] = (
        Referrer.objects.filter(pk=referrer.pk)
        .annotate(**{f"now_{name}": value for name, value in kept.items()})
        .annotate(
            recent=Coalesce(Subquery(_recent_visits()), Value(0)),
            next_number=Subquery(rule.values("friend_from")[:1]),
            next_title=Subquery(rule.values("title")[:1]),
        )
        .values(*(f"now_{name}" for name in names), "recent", "next_number", "next_title")
        .get()
    )
    currency = referrer.program.currency
    number = row["next_number"]
    return Standing(
        visits=row["now_visits"] + row["recent"],
        friends=row["now_friends"],
        qualified=row["now_qualified"],
        pending=Money(row["now_pending_minor"], currency),
        earned=Money(row["now_earned_minor"], currency),
        next_milestone=Milestone(number, number - row["now_qualified"], row["next_title"]) if number else None,
    )


def _recent_visits() -> QuerySet[Any]:
    """How many visits the outer referrer's row does not hold yet. The links are named first, so that the index by link
    and time bounds the read."""
    return (
        Visit.objects.filter(
            link__referrer=OuterRef("pk"),
            created_at__gt=Coalesce(OuterRef("standing_row__visits_until"), Value(BEFORE_ALL)),
        )
        .order_by()
        .values("link__referrer")
        .annotate(n=Count("pk"))
        .values("n")
    )


def _next_rules() -> QuerySet[RewardRule]:
    """The outer referrer's next rules, nearest first, measured by the friends who count now, as the rules themselves
    are. A milestone that was reached does not come again."""
    had = still_reached(Reward.objects.filter(rule=OuterRef("pk"), person=OuterRef(OuterRef("person"))))
    rules = RewardRule.objects.filter(
        program=OuterRef("program"),
        active=True,
        trigger=Trigger.SALE,
        side=Side.REFERRER,
        friend_from__gt=Coalesce(OuterRef("standing_row__qualified"), Value(0)),
    )
    return rules.exclude(MILESTONE & Exists(had)).order_by("friend_from", "pk")


def count_everything(*, referrer: Referrer) -> dict[str, int]:
    """The standing counted anew from the history, under the names of the row's fields: for repair and for tests. Visits
    are those up to the row's ``visits_until``."""
    friends = Referral.objects.filter(referrer=referrer).aggregate(
        friends=Count("pk"), numbered=Coalesce(Max("friend_number"), 0)
    )
    qualified = not_blocked(Referral.objects.filter(referrer=referrer, stage=Stage.QUALIFIED)).count()
    underway = Q(state__in=(RewardState.PENDING, RewardState.APPROVED, RewardState.RESERVED))
    received = Q(state__in=(RewardState.ISSUED, RewardState.REDEEMED, RewardState.CLAWED_BACK))
    rewards = Reward.objects.filter(referrer=referrer, currency=referrer.program.currency).aggregate(
        pending_minor=Sum(F("amount_minor") - F("clawed_minor"), filter=underway, default=0),
        earned_minor=Sum(F("amount_minor") - F("clawed_minor"), filter=received, default=0),
    )
    row = ReferrerStanding.objects.filter(referrer=referrer).first()
    until = row.visits_until if row else None
    visits = Visit.objects.filter(link__referrer=referrer, created_at__lte=until).count() if until else 0
    return {**friends, **rewards, "qualified": qualified, "visits": visits}


def referrers_with_new_visits(*, since: datetime, until: datetime, limit: int) -> list[int]:
    """Referrers with visits in (since, until] that their row does not hold yet."""
    fresh = Visit.objects.filter(
        link__referrer=OuterRef("pk"),
        created_at__gt=Coalesce(OuterRef("standing_row__visits_until"), Value(BEFORE_ALL)),
        created_at__lte=until,
    )
    visited = Visit.objects.filter(created_at__gt=since, created_at__lte=until).values("link_id")
    owners = ReferralLink.objects.filter(pk__in=visited).values("referrer_id")
    found = Referrer.objects.filter(Exists(fresh), pk__in=owners)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])
