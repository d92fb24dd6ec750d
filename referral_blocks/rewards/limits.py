"""Budgets, caps and stock: each is taken by one guarded UPDATE in the transaction that promises the reward.

A reward that a limit refuses waits with the limit's name as its reason, and is tried again when there is room. Locks
are taken in one order everywhere: stock, cap, budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from referral_blocks.core.states import lock
from referral_blocks.programs.models import Program
from referral_blocks.programs.periods import span_at

from .models import CouponCode, PendingReason, Reason, Reward, RewardRule, Side, SpendCounter

BUDGET = "budget"
COUPON_METHOD = "coupon"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A limit without room; ``until`` is when there may be room again, where that is known."""

    reason: str
    until: datetime | None = None


def reserve(*, reward: Reward) -> list[Refusal]:
    """Take what the reward needs of each limit that it does not hold yet; returns the limits without room.

    The reward's row is locked by the caller; what is taken is noted on it.
    """
    refusals = [*_reserve_stock(reward), *_reserve_cap(reward), *_reserve_budget(reward)]
    reward.save(update_fields=["holds_stock", "holds_cap", "holds_budget"])
    return refusals


def give_back(*, reward: Reward, amount_minor: int | None = None) -> None:
    """Return what the reward holds: all of it, or ``amount_minor`` of budget and cap when the reward shrinks."""
    lock(reward)
    back = reward.amount_minor if amount_minor is None else amount_minor
    if reward.holds_cap:
        _counter(reward.program_id, reward.holds_cap).update(amount_minor=F("amount_minor") - back)
    if reward.holds_budget:
        _counter(reward.program_id, BUDGET).update(amount_minor=F("amount_minor") - back)
    if amount_minor is not None:
        return
    if reward.holds_stock:
        RewardRule.objects.filter(pk=reward.rule_id, stock__isnull=False).update(stock=F("stock") + 1)
        # A code that nobody was shown yet can be given to somebody else.
        CouponCode.objects.filter(reward=reward).update(reward=None, assigned_at=None)
    reward.holds_stock = reward.holds_budget = False
    reward.holds_cap = ""
    reward.save(update_fields=["holds_stock", "holds_cap", "holds_budget"])


def note_refusals(*, reward: Reward, refusals: list[Refusal]) -> None:
    """Keep one pending reason a refusal."""
    for refusal in refusals:
        PendingReason.objects.update_or_create(reward=reward, reason=refusal.reason, defaults={"until": refusal.until})


def spent(*, program_id: int, key: str = BUDGET) -> int:
    """How much of a limit is promised, in minor units."""
    return _counter(program_id, key).values_list("amount_minor", flat=True).first() or 0


def _reserve_stock(reward: Reward) -> list[Refusal]:
    if reward.holds_stock:
        return []
    rule = RewardRule.objects.filter(pk=reward.rule_id)
    if reward.method == COUPON_METHOD and not _claim_coupon(reward):
        return [Refusal(Reason.STOCK)]
    limited = rule.filter(stock__isnull=False).exists()
    if limited and not rule.filter(stock__gte=1).update(stock=F("stock") - 1):
        CouponCode.objects.filter(reward=reward).update(reward=None, assigned_at=None)
        return [Refusal(Reason.STOCK)]
    reward.holds_stock = limited or reward.method == COUPON_METHOD
    return []


def _claim_coupon(reward: Reward) -> bool:
    """Give the reward one free code; simultaneous claims skip each other's rows."""
    while True:
        free = CouponCode.objects.filter(coupon_list=reward.rule.coupon_list_id, reward=None).order_by("pk")
        code = free.select_for_update(skip_locked=True, of=("self",)).first()
        if code is None:
            return False
        mine = CouponCode.objects.filter(pk=code.pk, reward=None)
        if mine.update(reward=reward, assigned_at=timezone.now()):
            return True


def _reserve_cap(reward: Reward) -> list[Refusal]:
    program: Program = reward.program
    limit = program.referrer_cap_minor
    if limit is None or reward.side != Side.REFERRER or reward.currency != program.currency or reward.holds_cap:
        return []
    span = span_at(program=program, period=program.referrer_cap_period, at=timezone.now())
    key = f"cap:{reward.referrer_id}:{span.key}"
    if _take(program.pk, key, reward.amount_minor, limit):
        reward.holds_cap = key
        return []
    return [Refusal(Reason.CAP, span.end)]


def _reserve_budget(reward: Reward) -> list[Refusal]:
    program: Program = reward.program
    if reward.currency != program.currency or reward.holds_budget:
        return []
    # Counted without a limit, too: a budget that is set later starts from what was promised.
    if _take(program.pk, BUDGET, reward.amount_minor, program.budget_minor):
        reward.holds_budget = True
        return []
    return [Refusal(Reason.BUDGET)]


def _take(program_id: int, key: str, amount: int, limit: int | None) -> bool:
    SpendCounter.objects.get_or_create(program_id=program_id, key=key)
    room = _counter(program_id, key)
    if limit is not None:
        room = room.filter(amount_minor__lte=limit - amount)
    return bool(room.update(amount_minor=F("amount_minor") + amount))


def _counter(program_id: int, key: str) -> QuerySet[SpendCounter]:
    return SpendCounter.objects.filter(program_id=program_id, key=key)
