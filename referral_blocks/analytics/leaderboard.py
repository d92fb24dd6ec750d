"""Who brought the most customers in a span of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from referral_blocks.fraud.selectors import not_blocked
from referral_blocks.programs.models import Program
from referral_blocks.programs.periods import Span
from referral_blocks.referrals.models import Referral, Review, Stage
from referral_blocks.referrers.models import Referrer

TRUSTED = (Review.CLEAR, Review.APPROVED)


@dataclass(frozen=True, slots=True)
class Place:
    """One place, from 1. ``name`` is what everybody may read; ``referrer`` is for the code that awards the prize."""

    rank: int
    name: str
    friends: int
    reached_at: datetime
    referrer: Referrer


def leaderboard(*, program: Program, span: Span, limit: int) -> list[Place]:
    """The first ``limit`` places by friends who became customers in the span, in two queries.

    No place is shared: of two with the same count, who reached it earlier is ahead. Friends under review, retracted or
    blocked, be it on the referrer's side alone, do not count. Who did not agree to be shown keeps the place without a
    name.
    """
    rows = list(
        not_blocked(
            Referral.objects.filter(
                _within(span), program=program, stage=Stage.QUALIFIED, review__in=TRUSTED, qualified_at__isnull=False
            )
        )
        .order_by()
        .values("referrer_id")
        .annotate(friends=Count("pk"), reached_at=Max("qualified_at"))
        .order_by("-friends", "reached_at", "referrer_id")[:limit]
    )
    referrers = _referrers(row["referrer_id"] for row in rows)
    return [
        Place(
            rank=rank,
            name=public_name(referrers[row["referrer_id"]]),
            friends=row["friends"],
            reached_at=row["reached_at"],
            referrer=referrers[row["referrer_id"]],
        )
        for rank, row in enumerate(rows, start=1)
    ]


def public_name(referrer: Referrer) -> str:
    """“Ana E.” with consent and a name; a word for nobody otherwise."""
    words = referrer.person.name.split()
    if not referrer.leaderboard_consent or not words:
        return _("Anonymous")
    return words[0] if len(words) == 1 else f"{words[0]} {words[-1][0]}."


def _within(span: Span) -> Q:
    start = Q(qualified_at__gte=span.start) if span.start else Q()
    return start & (Q(qualified_at__lt=span.end) if span.end else Q())


def _referrers(ids: Iterable[int]) -> dict[int, Referrer]:
    return Referrer.objects.select_related("person").in_bulk(list(ids))
