"""Writes referrals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from referral_blocks.core.agent import present_agent
from referral_blocks.core.states import change_state
from referral_blocks.links.models import ReferralLink
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, TermsVersion
from referral_blocks.referrers.models import Referrer, ReferrerStanding
from referral_blocks.referrers.standing import add_to_standing

from .answers import Answers
from .models import AttributionMethod, Referral, ReferralChange, Review, Stage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHUNK = 500  # rows an UPDATE: nobody waits long for its locks
STAGES: dict[str, set[str]] = {
    Stage.CAPTURED: {Stage.NURTURING, Stage.QUALIFIED, Stage.UNQUALIFIED, Stage.EXPIRED, Stage.WITHDRAWN},
    Stage.NURTURING: {Stage.QUALIFIED, Stage.UNQUALIFIED, Stage.EXPIRED, Stage.WITHDRAWN},
    # By a sale of before, of which somebody tells late: what a friend earns does not hang on when a task has run.
    Stage.EXPIRED: {Stage.QUALIFIED},
    Stage.QUALIFIED: {Stage.RETRACTED},
    Stage.RETRACTED: {Stage.QUALIFIED},
}
# Steps before which nothing was earned by a sale: the credit can still go to somebody else.
UNEARNED = (Stage.CAPTURED, Stage.NURTURING)
# Steps that a person took: the friend is out for good, whatever they buy.
CLOSED = (Stage.UNQUALIFIED, Stage.WITHDRAWN)
REVIEWS: dict[str, set[str]] = {
    Review.CLEAR: {Review.FLAGGED},
    Review.FLAGGED: {Review.APPROVED, Review.BLOCKED},
    Review.APPROVED: {Review.FLAGGED},  # something new was found
}


def get_or_create_referral(
    *,
    program: Program,
    referrer: Referrer,
    friend: Person,
    terms_version: TermsVersion,
    method: str,
    friend_name: str = "",
    answers: Answers = (),
    link: ReferralLink | None = None,
    visited_at: datetime | None = None,
    ip_hash: str = "",
    is_new_customer: bool | None = None,
) -> tuple[Referral, bool]:
    """The friend's referral in this programme, and whether it is new; the first one stays whoever comes later."""
    referral, created = Referral.objects.get_or_create(
        program=program,
        friend=friend,
        defaults={
            "referrer": referrer,
            "friend_name": friend_name,
            "answers": list(answers),
            "link": link,
            "terms_version": terms_version,
            "attribution_method": method,
            "credit_expires_at": timezone.now() + timedelta(days=program.credit_window_days),
            "visited_at": visited_at,
            "ip_hash": ip_hash,
            "is_new_customer": is_new_customer,
        },
    )
    if created:
        add_to_standing(referrer_id=referrer.pk, friends=1)
    return referral, created


def lock_referral(*, referral_id: Any) -> Referral:
    """The referral, its row locked, with referrer, friend and programme; inside a transaction only."""
    # The row alone, then what it points to: PostgreSQL drops a row from a locking join when the one that it waited for
    # has changed a joined key.
    Referral.objects.select_for_update(no_key=True).get(pk=referral_id)
    return Referral.objects.select_related("referrer__person", "friend", "program").get(pk=referral_id)


def qualify(*, referral: Referral, at: datetime, counts: bool = True, actor: User | None = None) -> bool:
    """→ qualified by a sale at ``at`` that ``actor`` recorded; False when it is qualified. Raises NotPossibleNow.

    The first time, the friend gets the next number of the referrer's friends, for good. One who does not count for the
    referrer (``counts`` is False) gets none. The caller holds the lock of the referrer's standing.
    """
    if not change_state(
        referral, Stage.QUALIFIED, field="stage", allowed=STAGES, audit=ReferralChange, reason="sale", actor=actor
    ):
        return False
    first = counts and referral.friend_number is None
    add_to_standing(referrer_id=referral.referrer_id, qualified=int(counts), numbered=int(first))
    if first:
        referral.friend_number = ReferrerStanding.objects.get(referrer_id=referral.referrer_id).numbered
    if referral.qualified_at is None:
        referral.qualified_at = at
    referral.save(update_fields=["friend_number", "qualified_at"])
    return True


def retract(*, referral: Referral, counts: bool = True, actor: User | None = None) -> bool:
    """Qualified → retracted, because ``actor`` recorded that the last sale was wholly reversed; False when it is so
    already. ``counts`` as for qualify."""
    changed = change_state(
        referral, Stage.RETRACTED, field="stage", allowed=STAGES, audit=ReferralChange, reason="reversed", actor=actor
    )
    if changed:
        add_to_standing(referrer_id=referral.referrer_id, qualified=-int(counts))
    return changed


def count_no_more(*, referral: Referral) -> None:
    """A friend of whom the referrer's side was blocked does not count for the referrer any more."""
    if referral.stage == Stage.QUALIFIED:
        add_to_standing(referrer_id=referral.referrer_id, qualified=-1)


def nurture(*, referral: Referral, note: str = "", actor: User | None = None) -> bool:
    """Captured → nurturing because somebody was in touch; False when it is so already. Raises NotPossibleNow."""
    return change_state(
        referral, Stage.NURTURING, field="stage", allowed=STAGES, audit=ReferralChange, reason="contact", note=note,
        actor=actor,
    )  # fmt: skip


def close(*, referral: Referral, to: str, note: str = "", actor: User | None = None) -> bool:
    """Captured or nurturing → withdrawn or unqualified, by staff, by a system, or (neither) by the friend; False when
    it is so already. Raises NotPossibleNow."""
    who = "staff" if actor else "api" if present_agent() else "friend"
    return change_state(
        referral, to, field="stage", allowed=STAGES, audit=ReferralChange, reason=who, note=note, actor=actor
    )


def expire(*, referral: Referral) -> bool:
    """Captured or nurturing → expired because the credit window is over. Raises NotPossibleNow for a qualified one."""
    return change_state(
        referral, Stage.EXPIRED, field="stage", allowed=STAGES, audit=ReferralChange, reason="credit_window"
    )


def set_review(*, referral: Referral, to: str, reason: str, note: str = "", actor: User | None = None) -> bool:
    """Flag a referral, or decide about a flagged one; False when it is so already. Raises NotPossibleNow."""
    return change_state(
        referral, to, field="review", allowed=REVIEWS, audit=ReferralChange, reason=reason, note=note, actor=actor
    )


def set_risk(*, referral: Referral, score: int, bought_before: bool = False) -> None:
    """Keep what screening found: the score, and that the friend is no new customer. The row is locked by the caller."""
    changed = []
    if referral.risk_score != score:
        referral.risk_score = score
        changed.append("risk_score")
    if bought_before and referral.is_new_customer is not False:
        referral.is_new_customer = False
        changed.append("is_new_customer")
    if changed:
        referral.save(update_fields=changed)


def forget_addresses(*, before: datetime, limit: int) -> int:
    """Blank the hashes of network addresses of referrals older than ``before``; returns how many, at most ``limit``."""
    old = Referral.objects.filter(attributed_at__lt=before, ip_hash__gt="").order_by("attributed_at")
    ids = list(old.values_list("pk", flat=True)[:limit])
    for start in range(0, len(ids), CHUNK):
        Referral.objects.filter(pk__in=ids[start : start + CHUNK]).update(ip_hash="")
    return len(ids)


def note_manual(*, referral: Referral, before: Referrer | None, note: str, actor: User | None) -> None:
    """Who gave the credit by hand, whom it was taken from, and why."""
    ReferralChange.objects.create(
        subject=referral, field="referrer", from_state=str(before.public_id.hex[:30]) if before else "",
        to_state=referral.referrer.public_id.hex[:30], reason="manual", note=note, actor=actor,
    )  # fmt: skip


def give_to(*, referral: Referral, referrer: Referrer, note: str, actor: User | None) -> None:
    """Move the credit to another referrer. The caller holds the locks of the referral and of both standings, and knows
    that no reward was promised for it."""
    before = referral.referrer
    referral.referrer, referral.link, referral.attribution_method = referrer, None, AttributionMethod.MANUAL
    referral.save(update_fields=["referrer", "link", "attribution_method"])
    add_to_standing(referrer_id=before.pk, friends=-1)
    add_to_standing(referrer_id=referrer.pk, friends=1)
    note_manual(referral=referral, before=before, note=note, actor=actor)
