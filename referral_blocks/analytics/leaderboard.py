"""Who brought the most customers in a span of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
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


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """Where one referrer stands; ``rank`` is None for one whom no friend brought onto the board yet."""

    rank: int | None
    friends: int


def leaderboard(*, program: Program, span: Span, limit: int) -> list[Place]:
    """The first ``limit`` places by friends who became customers in the span, in two queries.

    No place is shared: of two with the same count, who reached it earlier is ahead. Friends under review, retracted or
    blocked, be it on the referrer's side alone, do not count. Who did not agree to be shown keeps the place without a
    name.
    """
    rows = list(_tally(program, span).order_by("-friends", "reached_at", "referrer_id")[:limit])
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


def own_place(*, program: Program, span: Span, referrer: Referrer) -> OwnPlace:
    """The referrer's place, be it far below what is shown, by the same order; two queries."""
    own = _tally(program, span).filter(referrer_id=referrer.pk).order_by("referrer_id").first()
    if own is None:
        return OwnPlace(None, 0)
    level = Q(friends=own["friends"])
    ahead = (
        Q(friends__gt=own["friends"])
        | (level & Q(reached_at__lt=own["reached_at"]))
        | (level & Q(reached_at=own["reached_at"], referrer_id__lt=referrer.pk))
    )
    return OwnPlace(_tally(program, span).filter(ahead).count() + 1, own["friends"])


def _tally(program: Program, span: Span) -> QuerySet[Any, dict[str, Any]]:
    """One row a referrer: friends who count in the span, and when the last of them became a customer."""
    counted = Referral.objects.filter(
        _within(span), program=program, stage=Stage.QUALIFIED, review__in=TRUSTED, qualified_at__isnull=False
    )
    rows = not_blocked(counted).order_by().values("referrer_id")
    tallied: QuerySet[Any, Any] = rows.annotate(friends=Count("pk"), reached_at=Max("qualified_at"))
    return tallied


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
