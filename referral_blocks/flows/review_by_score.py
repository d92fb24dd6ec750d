"""A member of staff decides about all flagged referrals within a range of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import DomainError, InvalidInput
from referral_blocks.core.states import lock
from referral_blocks.core.text import clean_text
from referral_blocks.fraud.selectors import review_queue
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Review

from .review_referral import review_referral

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Reviewed:
    """``skipped``: somebody decided meanwhile, or the score has changed; ``left``: beyond the limit of this call."""

    decided: int
    skipped: int
    left: int


def review_by_score(
    *,
    program: Program,
    approve: bool,
    note: str,
    actor: User,
    min_score: int | None = None,
    max_score: int | None = None,
    limit: int = 500,
) -> Reviewed:
    """Decide about both sides of every flagged referral of the programme whose score lies in the range, longest waiting
    first, each in its own transaction.

    Raises InvalidInput with path ``note`` or ``minScore``; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    low, high = 0 if min_score is None else min_score, 100 if max_score is None else max_score
    if (min_score is None and max_score is None) or not 0 <= low <= high <= 100:
        raise InvalidInput(
            _("Say from which score, or up to which score, from 0 to 100."), code="invalid_score", path=("minScore",)
        )
    waiting = review_queue().filter(program=program, risk_score__gte=low, risk_score__lte=high)
    ids = list(waiting.values_list("pk", flat=True)[:limit])
    done = sum(_decide(pk, (low, high), approve=approve, note=text, actor=actor) for pk in ids)
    return Reviewed(done, len(ids) - done, waiting.count())


def _decide(pk: int, scores: tuple[int, int], *, approve: bool, note: str, actor: User) -> bool:
    """Look again under the lock: a referral whose score grew is not approved with the harmless ones."""
    try:
        with transaction.atomic():
            referral = Referral.objects.select_related("referrer__person", "friend", "program").get(pk=pk)
            lock(referral)
            if referral.review != Review.FLAGGED or not scores[0] <= referral.risk_score <= scores[1]:
                return False
            return review_referral(referral=referral, approve=approve, note=note, actor=actor)
    except DomainError:
        return False
