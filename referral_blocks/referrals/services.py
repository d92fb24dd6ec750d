"""Writes referrals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from referral_blocks.core.states import change_state
from referral_blocks.links.models import ReferralLink
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, TermsVersion

from .models import Referral, ReferralChange, Review, Stage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STAGES: dict[str, set[str]] = {Stage.CAPTURED: {Stage.QUALIFIED, Stage.EXPIRED}}
REVIEWS: dict[str, set[str]] = {
    Review.CLEAR: {Review.FLAGGED},
    Review.FLAGGED: {Review.APPROVED, Review.BLOCKED},
}


def get_or_create_referral(
    *,
    program: Program,
    link: ReferralLink,
    friend: Person,
    terms_version: TermsVersion,
    method: str,
    friend_name: str = "",
) -> tuple[Referral, bool]:
    """The friend's referral in this programme, and whether it is new; the first one stays whoever comes later."""
    return Referral.objects.get_or_create(
        program=program,
        friend=friend,
        defaults={
            "referrer": link.referrer,
            "friend_name": friend_name,
            "link": link,
            "terms_version": terms_version,
            "attribution_method": method,
            "credit_expires_at": timezone.now() + timedelta(days=program.credit_window_days),
        },
    )


def qualify(*, referral: Referral, at: datetime) -> bool:
    """Captured → qualified by a sale at ``at``; False when it was qualified before. Raises NotPossibleNow."""
    changed = change_state(
        referral, Stage.QUALIFIED, field="stage", allowed=STAGES, audit=ReferralChange, reason="sale"
    )
    if changed:
        referral.qualified_at = at
        referral.save(update_fields=["qualified_at"])
    return changed


def expire(*, referral: Referral) -> bool:
    """Captured → expired because the credit window is over. Raises NotPossibleNow for a qualified one."""
    return change_state(
        referral, Stage.EXPIRED, field="stage", allowed=STAGES, audit=ReferralChange, reason="credit_window"
    )


def set_review(*, referral: Referral, to: str, reason: str, note: str = "", actor: User | None = None) -> bool:
    """Flag a referral, or decide about a flagged one; False when it is so already. Raises NotPossibleNow."""
    return change_state(
        referral, to, field="review", allowed=REVIEWS, audit=ReferralChange, reason=reason, note=note, actor=actor
    )
