"""A member of staff decides about a flagged referral, as a whole or about one side."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.core.states import lock
from referral_blocks.core.text import clean_text
from referral_blocks.fraud.models import Decision, SignalSide
from referral_blocks.fraud.selectors import found_states, side_states, under_review
from referral_blocks.fraud.services import add_decision
from referral_blocks.fraud.sides import SIDES, covered
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import count_no_more, set_review
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reason, Reward, RewardRule, RewardState, Trigger

from .announce import announce
from .cancel_payouts import cancel_rewards
from .earn_rewards import counts_for_referrer
from .pay_reward import approve_and_pay_if_clear
from .step_reward import clear_reason

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def review_referral(
    *, referral: Referral, approve: bool, note: str, actor: User | None, side: str = SignalSide.BOTH
) -> bool:
    """Approve: the side's rewards wait for the review no longer. Block: its rewards that are not on their way are
    cancelled, and it earns no more. ``side`` is ``referrer``, ``friend`` or ``both``.

    The referral stays flagged until every flagged side is decided. False when it was decided so before. Raises
    InvalidInput with path ``note`` or ``side``, and NotPossibleNow for a referral that is not flagged and for a side
    that was decided the other way.
    """
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    if side not in SignalSide.values:
        raise InvalidInput(_("Use “referrer”, “friend” or “both”."), code="invalid_side", path=("side",))
    with transaction.atomic():
        lock(referral)
        sides = _undecided(referral, side, approve)
        if sides:
            decide_sides(referral=referral, sides=sides, approve=approve, reason=text, actor=actor)
    return bool(sides)


def decide_sides(
    *,
    referral: Referral,
    sides: Collection[str],
    approve: bool,
    reason: str,
    actor: User | None,
    automatic: bool = False,
) -> None:
    """Write the decision, and let the sides' rewards go on or cancel them. In the caller's transaction, which holds the
    referral's lock."""
    lock_standing(referrer=referral.referrer)
    counted = counts_for_referrer(referral)
    add_decision(referral=referral, sides=sides, approve=approve, reason=reason, actor=actor, automatic=automatic)
    _close_review(referral, reason, actor, automatic)
    if counted and not counts_for_referrer(referral):
        count_no_more(referral=referral)
    rewards = Reward.objects.filter(referral=referral, side__in=sides)
    prizes = _free_prizes(referral)
    # All that this changes, locked at once and so in one order.
    lock_rewards(ids={*rewards.values_list("pk", flat=True), *prizes})
    if approve:
        _let_go(rewards.filter(state=RewardState.PENDING).values_list("pk", flat=True), reason, actor)
    else:
        cancel_rewards(rewards=rewards, reason="blocked", note=reason, actor=actor)
    _let_go(prizes, reason, actor)


def _undecided(referral: Referral, side: str, approve: bool) -> frozenset[str]:
    """Those of the sides that this decision is about; none when all were decided so before. Raises NotPossibleNow."""
    asked = set(covered(side))
    states = side_states(referral=referral)
    decision = Decision.APPROVE if approve else Decision.BLOCK
    if asked.isdisjoint(states.open) and all(states.decided.get(one) == decision for one in asked):
        return frozenset()
    if referral.review != Review.FLAGGED:
        set_review(referral=referral, to=Review.APPROVED if approve else Review.BLOCKED, reason="person")
        return frozenset()
    undecided = frozenset(one for one in asked if one in states.open or one not in states.decided)
    if not undecided:
        raise NotPossibleNow(_("This side was decided the other way before. Decisions are not turned round."))
    return undecided


def _close_review(referral: Referral, reason: str, actor: User | None, automatic: bool) -> None:
    """Flagged → approved or blocked when no side waits any more; blocked only when both are."""
    states = found_states(referral=referral)
    if states.waiting:
        return
    to = Review.BLOCKED if states.blocked == set(SIDES) else Review.APPROVED
    cause = "score" if automatic else "person"
    if set_review(referral=referral, to=to, reason=cause, note=reason, actor=actor):
        announce(Kind.REFERRAL_REVIEWED, referral, program=referral.program, referrer_id=referral.referrer_id)


def _free_prizes(referral: Referral) -> list[int]:
    """The referrer's prizes that waited for this review, unless another friend of theirs is under review still. Friends
    who are blocked had no part in a place."""
    rules = RewardRule.objects.filter(program=referral.program_id, trigger=Trigger.PERIOD).order_by()
    # By rule and person first: a referrer has few prizes, however many friends and rewards.
    prizes = Reward.objects.filter(
        rule__in=list(rules.values_list("pk", flat=True)),
        person=referral.referrer.person_id,
        referrer=referral.referrer_id,
        state=RewardState.PENDING,
        pending_reasons__reason=Reason.REVIEW,
    )
    ids = list(prizes.order_by("pk").values_list("pk", flat=True))
    return [] if not ids or under_review(referrer_ids=[referral.referrer_id]) else ids


def _let_go(ids: Collection[int], reason: str, actor: User | None) -> None:
    for reward in lock_rewards(ids=ids):
        clear_reason(reward=reward, reason=Reason.REVIEW, cause="person", note=reason, actor=actor)
        approve_and_pay_if_clear(reward=reward, actor=actor)
