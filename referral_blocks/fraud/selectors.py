"""Reads findings: which sides wait, the score, and the queue of the review desk."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from referral_blocks.core.conf import get_conf
from referral_blocks.referrals.models import Referral, ReferralChange, Review

from .models import Decision, ReviewDecision, RiskSignal, SignalSide
from .sides import SIDES, SideStates, covered, judge_sides


def side_states(*, referral: Referral) -> SideStates:
    """Where both sides of the referral stand; no query for one that was never flagged.

    A flag without an open finding (set by hand) leaves every side open that is not blocked: money fails closed.
    """
    if referral.review == Review.CLEAR:
        return SideStates()
    states = found_states(referral=referral)
    if referral.review != Review.FLAGGED:
        return replace(states, open=frozenset())
    return replace(states, open=states.waiting or frozenset(SIDES) - states.blocked)


def found_states(*, referral: Referral) -> SideStates:
    """Where both sides stand by signals and decisions alone, flagged or not."""
    signals = list(RiskSignal.objects.filter(referral=referral).order_by("pk"))
    return judge_sides(signals, ReviewDecision.objects.filter(referral=referral).order_by("pk"))


def not_blocked(referrals: QuerySet[Referral]) -> QuerySet[Referral]:
    """Those that may earn their referrer something: neither blocked, nor was the last decision about the referrer's
    side to block it."""
    about = ReviewDecision.objects.filter(
        referral=OuterRef("pk"), side__in=[side for side in SignalSide.values if SignalSide.REFERRER in covered(side)]
    )
    # Never null: “not equal to null” would leave out everybody about whom nothing was decided.
    last = Coalesce(Subquery(about.order_by("-pk").values("decision")[:1]), Value(""))
    return referrals.exclude(review=Review.BLOCKED).alias(last_decision=last).exclude(last_decision=Decision.BLOCK)


def under_review(*, referrer_ids: Collection[int]) -> set[int]:
    """Those of the referrers who have a friend whom somebody still has to look at."""
    flagged = Referral.objects.filter(referrer__in=referrer_ids, review=Review.FLAGGED)
    return set(flagged.values_list("referrer_id", flat=True))


def risk_scores(*, referral: Referral) -> dict[str, int]:
    """The highest score of each check that ever found something."""
    highest = RiskSignal.objects.filter(referral=referral).order_by().values("check_name").annotate(top=Max("score"))
    return {row["check_name"]: row["top"] for row in highest}


def total_score(scores: dict[str, int]) -> int:
    """0 to 100."""
    return min(100, sum(scores.values()))


def review_queue() -> QuerySet[Referral]:
    """Flagged referrals, the oldest flag first, with ``flagged_at``, ``waited`` (a timedelta) and ``escalated``: it
    waits FRAUD_ESCALATE_HOURS or longer."""
    now = timezone.now()
    flags = ReferralChange.objects.filter(subject_id=OuterRef("pk"), field="review", to_state=Review.FLAGGED)
    newest = Subquery(flags.order_by("-pk").values("created_at")[:1], output_field=DateTimeField())
    limit = now - timedelta(hours=get_conf().FRAUD_ESCALATE_HOURS)
    return (
        Referral.objects.filter(review=Review.FLAGGED)
        .annotate(flagged_at=Coalesce(newest, F("attributed_at")))
        .annotate(
            waited=ExpressionWrapper(
                Value(now, output_field=DateTimeField()) - F("flagged_at"), output_field=DurationField()
            ),
            escalated=Case(
                When(flagged_at__lte=limit, then=Value(True)), default=Value(False), output_field=BooleanField()
            ),
        )
        .order_by("flagged_at", "pk")
    )
