"""Writes rewards: promises them, clears what they wait for, and moves their state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from referral_blocks.core.states import change_state, lock
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.standing import add_to_standing
from referral_blocks.sales.models import Sale

from .engine import Verdict, judge_all
from .limits import LIMITS, give_back, grow, note_refusals, reserve
from .locks import lock_rewards
from .models import Approval, PendingReason, Reason, Reward, RewardChange, RewardRule, RewardState, Side
from .rule import Happening

if TYPE_CHECKING:
    from django.contrib.auth.models import User

S = RewardState
STEPS: dict[str, set[str]] = {
    S.PENDING: {S.APPROVED, S.VOID, S.EXPIRED},
    # Back to pending: its payout failed for good, and staff look at it again.
    S.APPROVED: {S.RESERVED, S.PENDING, S.VOID, S.EXPIRED},
    S.RESERVED: {S.ISSUED, S.APPROVED},
    # Back to approved: the payout came back, so that nobody has it.
    S.ISSUED: {S.REDEEMED, S.CLAWED_BACK, S.APPROVED},
    S.REDEEMED: {S.CLAWED_BACK},
    # A dispute that was won brings back what it had cancelled or taken.
    S.VOID: {S.PENDING},
    S.CLAWED_BACK: {S.ISSUED, S.REDEEMED, S.APPROVED},
}
COUNTED = (S.VOID, S.EXPIRED, S.ISSUED, S.PENDING)  # steps that change what a standing counts
UNDERWAY = (S.PENDING, S.APPROVED, S.RESERVED)


@dataclass(frozen=True, slots=True)
class Sides:
    """Who gets what a rule promises. ``flagged`` names the sides that wait for a review, ``blocked`` those that earn
    nothing any more."""

    referrer: Referrer
    friend: Person | None = None
    referral: Referral | None = None
    sale: Sale | None = None
    flagged: Collection[str] = ()
    blocked: Collection[str] = ()


def promise_rewards(*, program: Program, happening: Happening, sides: Sides, trigger_key: str) -> list[Reward]:
    """The rewards that this newly earns, each pending with its reasons; none that were promised before.

    Rewards keep the rule's words and value as they were at this moment, whatever becomes of the rule. The caller holds
    the lock of the referrer's standing, so that limits a person are counted by one at a time.
    """
    fired = [verdict for verdict in judge_all(program=program, happening=happening) if verdict.fires]
    rewards = (_promise(program, verdict, sides, trigger_key, happening) for verdict in fired)
    return [reward for reward in rewards if reward is not None]


def _promise(program: Program, verdict: Verdict, sides: Sides, trigger_key: str, happening: Happening) -> Reward | None:
    rule, amount = verdict.rule, verdict.amount
    to_referrer = rule.side == Side.REFERRER
    person = sides.referrer.person if to_referrer else sides.friend
    if person is None or person.erased_at is not None or rule.side in sides.blocked or amount is None:
        return None
    if has_had_enough(rule=rule, person=person):
        return None
    expires = timedelta(days=rule.expires_days) if rule.expires_days else None
    reward, created = Reward.objects.get_or_create(
        rule=rule,
        person=person,
        trigger_key=trigger_key,
        defaults={
            "program": program,
            "referrer": sides.referrer if to_referrer else None,
            "referral": sides.referral,
            "sale": sides.sale,
            "side": rule.side,
            "title": rule.title,
            "instructions": rule.instructions,
            "amount_minor": amount.amount_minor,
            "promised_minor": amount.amount_minor,
            "currency": amount.currency,
            "method": rule.method,
            "method_options": rule.method_options,
            "expires_at": happening.at + expires if expires else None,
        },
    )
    if not created:
        return None
    _add_reasons(reward, rule, flagged=rule.side in sides.flagged)
    note_refusals(reward=reward, refusals=reserve(reward=reward))
    _count(reward, pending=reward.amount_minor)
    return reward


def has_had_enough(*, rule: RewardRule, person: Person) -> bool:
    """Whether the rule's limit a person is reached; a reward that was cancelled or expired does not count."""
    if rule.limit_per_person is None:
        return False
    had = Reward.objects.filter(rule=rule, person=person).exclude(state__in=(S.VOID, S.EXPIRED)).order_by("pk")
    # Is there one at the limit's place? A long history is not counted to its end.
    last = rule.limit_per_person - 1
    return last < 0 or had[last : last + 1].exists()


def _add_reasons(reward: Reward, rule: RewardRule, *, flagged: bool) -> None:
    if rule.hold_days:
        until = timezone.now() + timedelta(days=rule.hold_days)
        PendingReason.objects.create(reward=reward, reason=Reason.HOLD, until=until)
    if rule.approval == Approval.PERSON:
        PendingReason.objects.create(reward=reward, reason=Reason.APPROVAL)
    if flagged:
        PendingReason.objects.create(reward=reward, reason=Reason.REVIEW)


def hold_for_review(*, reward: Reward, cause: str) -> bool:
    """Let a pending reward wait for a person's look; False when it does already, or is past waiting."""
    with transaction.atomic():
        lock(reward)
        if reward.state != S.PENDING:
            return False
        return add_reason(reward=reward, reason=Reason.REVIEW, cause=cause)


def await_again(*, reward: Reward, reason: str, cause: str) -> None:
    """Approved → pending with ``reason``: the payout failed for good, and staff or the owner say what next. The limits
    stay taken and the standing counts it on."""
    move_reward(reward=reward, to=S.PENDING, reason=cause)
    add_reason(reward=reward, reason=reason, cause=cause)


def add_reason(*, reward: Reward, reason: str, cause: str) -> bool:
    """Let a pending reward wait for one thing more; False when it does already."""
    _row, created = PendingReason.objects.get_or_create(reward=reward, reason=reason)
    if created:
        RewardChange.objects.create(subject=reward, field="reason", from_state="", to_state=reason, reason=cause)
    return created


def clear_reason(*, reward: Reward, reason: str, cause: str, note: str = "", actor: User | None = None) -> bool:
    """Take one reason away and write who did it and why; False when it was gone already."""
    with transaction.atomic():
        lock(reward)
        deleted, _rows = PendingReason.objects.filter(reward=reward, reason=reason).delete()
        if deleted:
            RewardChange.objects.create(
                subject=reward, field="reason", from_state=reason, to_state="", reason=cause, note=note, actor=actor
            )
    return bool(deleted)


def retry_limits(*, reward: Reward) -> bool:
    """Try the limits again that had no room; True when none is left to wait for. Late or twice, it does the same."""
    with transaction.atomic():
        lock(reward)
        if reward.state != S.PENDING:
            return False
        still = {refusal.reason: refusal for refusal in reserve(reward=reward)}
        note_refusals(reward=reward, refusals=list(still.values()))
        for reason in PendingReason.objects.filter(reward=reward, reason__in=LIMITS):
            if reason.reason not in still:
                clear_reason(reward=reward, reason=reason.reason, cause="room")
    return not still


def approve_if_clear(*, reward: Reward, actor: User | None = None) -> bool:
    """Pending → approved when nothing is left to wait for; False otherwise, or when it is past its date."""
    with transaction.atomic():
        lock(reward)
        if reward.state != S.PENDING or reward.pending_reasons.exists():
            return False
        if reward.referral is not None and reward.referral.review == Review.BLOCKED:
            return False
        if reward.expires_at is not None and reward.expires_at <= timezone.now():
            return False  # whichever task comes first, it expires
        return change_state(reward, S.APPROVED, allowed=STEPS, audit=RewardChange, reason="clear", actor=actor)


def move_reward(*, reward: Reward, to: str, reason: str, note: str = "", actor: User | None = None) -> bool:
    """One allowed step of the state, with what follows from it: limits are given back, the standing is kept.

    False when the reward is there already. Raises NotPossibleNow.
    """
    with transaction.atomic():
        if to in COUNTED:
            lock_rewards(ids=[reward.pk])
        if not change_state(reward, to, allowed=STEPS, audit=RewardChange, reason=reason, note=note, actor=actor):
            return False
        before = reward.changes.order_by("-pk").values_list("from_state", flat=True).first()
        if to in (S.VOID, S.EXPIRED):
            give_back(reward=reward)
            reward.pending_reasons.all().delete()
            _count(reward, pending=-reward.amount_minor)
        elif to == S.ISSUED and before == S.RESERVED:
            reward.issued_at = timezone.now()
            reward.save(update_fields=["issued_at"])
            kept = reward.amount_minor - reward.clawed_minor
            _count(reward, pending=-kept, earned=kept)
            if reward.clawed_minor and not kept:
                move_reward(reward=reward, to=S.CLAWED_BACK, reason=reason)
        elif to == S.APPROVED and before in (S.ISSUED, S.CLAWED_BACK):
            reward.issued_at = None
            reward.save(update_fields=["issued_at"])
            kept = reward.amount_minor - reward.clawed_minor
            _count(reward, pending=kept, earned=-kept)
        elif to == S.PENDING and before == S.VOID:
            note_refusals(reward=reward, refusals=reserve(reward=reward))
            _count(reward, pending=reward.amount_minor)
    return True


def resize_reward(*, reward: Reward, amount_minor: int, reason: str, has_room: bool = False) -> int:
    """Set what a reward that is not on its way is worth (more than zero); returns the change in minor units.

    The row is locked by the caller. When it shrinks, budget and cap are given back. When it grows, because a dispute
    was won, it needs room again: without it a pending reward waits for the limit, and an approved one stays as it is
    (the change is zero). ``has_room`` says that the limits gave the room for the growth before.
    """
    change = amount_minor - reward.amount_minor
    if not change:
        return 0
    waits = False
    if change < 0:
        give_back(reward=reward, amount_minor=-change)
    elif not has_room and not grow(reward=reward, amount_minor=change):
        if reward.state != S.PENDING:
            return 0
        give_back(reward=reward)
        waits = True
    reward.amount_minor = amount_minor
    reward.save(update_fields=["amount_minor"])
    RewardChange.objects.create(
        subject=reward, field="amount", from_state=str(amount_minor - change), to_state=str(amount_minor), reason=reason
    )
    if waits:
        note_refusals(reward=reward, refusals=reserve(reward=reward))
    _count(reward, pending=change)
    return change


def take_back(*, reward: Reward, clawed_minor: int, reason: str) -> int:
    """Set how much is taken back in all of a reward that is issued or on its way; returns the change in minor units.

    Nothing of the reward itself is edited; it is clawed_back once all of it is, and it is issued. The row is locked by
    the caller.
    """
    change = clawed_minor - reward.clawed_minor
    if not change:
        return 0
    reward.clawed_minor = clawed_minor
    reward.save(update_fields=["clawed_minor"])
    RewardChange.objects.create(
        subject=reward, field="clawed", from_state=str(clawed_minor - change), to_state=str(clawed_minor), reason=reason
    )
    if reward.state in UNDERWAY:
        _count(reward, pending=-change)
        return change
    _count(reward, earned=-change)
    if clawed_minor >= reward.amount_minor:
        move_reward(reward=reward, to=S.CLAWED_BACK, reason=reason)
    elif reward.state == S.CLAWED_BACK:
        move_reward(reward=reward, to=_before_it_was_taken_back(reward), reason=reason)
    return change


def _before_it_was_taken_back(reward: Reward) -> str:
    """Issued or redeemed: what was used before a dispute took it back is not used again when the dispute is won."""
    steps = reward.changes.filter(field="state", to_state=S.CLAWED_BACK).order_by("-pk")
    return S.REDEEMED if steps.values_list("from_state", flat=True).first() == S.REDEEMED else S.ISSUED


def _count(reward: Reward, *, pending: int = 0, earned: int = 0) -> None:
    """Keep the referrer's standing, which counts money in the programme's currency."""
    if reward.referrer_id is not None and reward.currency == reward.program.currency:
        add_to_standing(referrer_id=reward.referrer_id, pending_minor=pending, earned_minor=earned)
