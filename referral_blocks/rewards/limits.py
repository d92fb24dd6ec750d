"""Budgets, caps and stock: what a reward needs of them is taken wholly or not at all, in the transaction that promises
the reward.

A reward that a limit refuses holds nothing; it waits with each refusing limit's name as its reason, and is tried again
when there is room. Whoever takes or gives back holds the programme's gate first – the row of its budget counter – so
that two transactions can never wait for each other's limits, however many rewards each of them makes. The guarded
UPDATEs and the unique keys decide where rows are not locked (SQLite).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from referral_blocks import signals
from referral_blocks.core.states import lock
from referral_blocks.programs.models import Program
from referral_blocks.programs.periods import span_at

from .models import CouponCode, CouponList, PendingReason, Reason, Reward, RewardRule, RewardState, Side, SpendCounter

BUDGET = "budget"
SKIPPED = timedelta(hours=1)  # how long a reward whose try has failed lets others go first
COUPON_METHOD = "coupon"
LIMITS = (Reason.STOCK, Reason.CAP, Reason.BUDGET)
HELD = ("holds_stock", "holds_cap", "holds_budget")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A limit without room; ``until`` is when there may be room again, where that is known."""

    reason: str
    until: datetime | None = None


def reserve(*, reward: Reward) -> list[Refusal]:
    """Take what the reward needs of each limit that it does not hold yet, or nothing; returns the limits without room.

    The reward's row is locked by the caller; what is taken is noted on it.
    """
    counter = _gate(reward.program_id)
    before = [getattr(reward, name) for name in HELD]
    refusals = [*_take_stock(reward), *_take_cap(reward, counter.program), *_take_budget(reward, counter)]
    if refusals:
        _put_back(reward, amount_minor=reward.amount_minor, keep=before)
    elif not before[0] and reward.holds_stock:
        _warn_when_low(reward)
    reward.save(update_fields=HELD)
    return refusals


def give_back(*, reward: Reward, amount_minor: int | None = None) -> None:
    """Return what the reward holds: all of it, or ``amount_minor`` of budget and cap when the reward shrinks."""
    lock(reward)
    _gate(reward.program_id)
    if amount_minor is None:
        _put_back(reward, amount_minor=reward.amount_minor, keep=(False, "", False))
        reward.save(update_fields=HELD)
    else:
        _add(reward, -amount_minor)


def grow(*, reward: Reward, amount_minor: int) -> bool:
    """Take ``amount_minor`` more of the budget and the cap that the reward holds; False, and nothing taken, when there
    is no room. The reward's row is locked by the caller."""
    counter = _gate(reward.program_id)
    program = counter.program
    if reward.holds_cap and not _has_room(program.pk, reward.holds_cap, amount_minor, program.referrer_cap_minor):
        return False
    if reward.holds_budget and not _has_room(program.pk, BUDGET, amount_minor, program.budget_minor):
        return False
    _add(reward, amount_minor)
    return True


def note_refusals(*, reward: Reward, refusals: list[Refusal]) -> None:
    """Keep one pending reason a refusal."""
    for refusal in refusals:
        PendingReason.objects.update_or_create(reward=reward, reason=refusal.reason, defaults={"until": refusal.until})


def spent(*, program_id: int, key: str = BUDGET) -> int:
    """How much of a limit is promised, in minor units."""
    return _counter(program_id, key).values_list("amount_minor", flat=True).first() or 0


def cap_key(*, referrer_id: int | str, span_key: str) -> str:
    """The counter of what one referrer is promised in one period."""
    return f"cap:{referrer_id}:{span_key}"


def _gate(program_id: int) -> SpendCounter:
    """The programme's budget counter, locked, with the programme's limits as they are now, whatever the caller read
    before it had to wait."""
    gate = SpendCounter.objects.select_for_update()
    counter = gate.filter(program_id=program_id, key=BUDGET).first()
    if counter is None:
        SpendCounter.objects.get_or_create(program_id=program_id, key=BUDGET)
        counter = gate.get(program_id=program_id, key=BUDGET)
    # A query of its own: a joined row would be as it was before the wait.
    counter.program = Program.objects.get(pk=program_id)
    return counter


def _take_stock(reward: Reward) -> list[Refusal]:
    if reward.holds_stock:
        return []
    if reward.method == COUPON_METHOD and not _claim_coupon(reward):
        return [Refusal(Reason.STOCK)]
    rule = RewardRule.objects.filter(pk=reward.rule_id)
    limited = rule.filter(stock__isnull=False).exists()
    if limited and not rule.filter(stock__gte=1).update(stock=F("stock") - 1):
        _free_coupon(reward)
        return [Refusal(Reason.STOCK)]
    reward.holds_stock = limited or reward.method == COUPON_METHOD
    return []


def _claim_coupon(reward: Reward) -> bool:
    """Give the reward one free code, the first that was imported."""
    while True:
        free = CouponCode.objects.filter(coupon_list=reward.rule.coupon_list_id, reward=None)
        code = free.order_by("pk").first()
        if code is None:
            return False
        if free.filter(pk=code.pk).update(reward=reward, assigned_at=timezone.now()):
            return True


def _free_coupon(reward: Reward) -> None:
    """A code that nobody was shown yet can be given to somebody else; one that was shown stays used."""
    if reward.issued_at is None:
        CouponCode.objects.filter(reward=reward).update(reward=None, assigned_at=None)


def _take_cap(reward: Reward, program: Program) -> list[Refusal]:
    limit = program.referrer_cap_minor
    if limit is None or reward.side != Side.REFERRER or reward.currency != program.currency or reward.holds_cap:
        return []
    span = span_at(program=program, period=program.referrer_cap_period, at=timezone.now())
    key = cap_key(referrer_id=str(reward.referrer_id), span_key=span.key)
    SpendCounter.objects.get_or_create(program_id=program.pk, key=key)
    if not _take(program.pk, key, reward.amount_minor, limit):
        return [Refusal(Reason.CAP, span.end)]
    reward.holds_cap = key
    return []


def _take_budget(reward: Reward, counter: SpendCounter) -> list[Refusal]:
    program = counter.program
    if reward.currency != program.currency or reward.holds_budget:
        return []
    if program.budget_minor is not None and _is_somebodys_turn(reward, program.budget_minor - counter.amount_minor):
        return [Refusal(Reason.BUDGET)]
    # Counted without a limit, too: a budget that is set later starts from what was promised.
    if not _take(program.pk, BUDGET, reward.amount_minor, program.budget_minor):
        return [Refusal(Reason.BUDGET)]
    reward.holds_budget = True
    return []


def _is_somebodys_turn(reward: Reward, room: int) -> bool:
    """Whether an older reward would be let in by the budget: a new one does not jump the queue."""
    if room < reward.amount_minor:
        return False  # it does not fit anyway
    return in_turn(program_id=reward.program_id, room=room).filter(reward__pk__lt=reward.pk).exists()


def in_turn(*, program_id: int, room: int) -> QuerySet[PendingReason]:
    """Which rewards the next try would let in: they fit, no other limit keeps them out, and the last try did not fail.

    What else they wait for, such as an approval, does not matter: they take their part of the budget before.
    """
    waits = PendingReason.objects.filter(
        Q(until=None) | Q(until__lte=timezone.now()),
        reason=Reason.BUDGET,
        reward__program_id=program_id,
        reward__state=RewardState.PENDING,
        reward__amount_minor__lte=room,
    )
    elsewhere = PendingReason.objects.filter(reason__in=(Reason.STOCK, Reason.CAP)).values("reward_id")
    return waits.exclude(reward_id__in=elsewhere)


def skip_turn(*, reward_id: int) -> None:
    """Letting the reward in has failed: for a while others go before it. A try that works sets it back."""
    PendingReason.objects.filter(reward=reward_id, reason=Reason.BUDGET).update(until=timezone.now() + SKIPPED)


def _take(program_id: int, key: str, amount: int, limit: int | None) -> bool:
    room = _counter(program_id, key)
    if limit is not None:
        room = room.filter(amount_minor__lte=limit - amount)
    return bool(room.update(amount_minor=F("amount_minor") + amount))


def _has_room(program_id: int, key: str, amount: int, limit: int | None) -> bool:
    return limit is None or spent(program_id=program_id, key=key) + amount <= limit


def _add(reward: Reward, amount: int) -> None:
    """Change the counters that the reward holds by ``amount``, at the period's counter that it was taken from."""
    if reward.holds_cap:
        _counter(reward.program_id, reward.holds_cap).update(amount_minor=F("amount_minor") + amount)
    if reward.holds_budget:
        _counter(reward.program_id, BUDGET).update(amount_minor=F("amount_minor") + amount)


def _put_back(reward: Reward, *, amount_minor: int, keep: tuple | list) -> None:
    """Return what the reward holds beyond ``keep`` (the values of HELD that stay)."""
    stock, cap, budget = keep
    if reward.holds_stock and not stock:
        RewardRule.objects.filter(pk=reward.rule_id, stock__isnull=False).update(stock=F("stock") + 1)
        _free_coupon(reward)
    if reward.holds_cap and not cap:
        _counter(reward.program_id, reward.holds_cap).update(amount_minor=F("amount_minor") - amount_minor)
    if reward.holds_budget and not budget:
        _counter(reward.program_id, BUDGET).update(amount_minor=F("amount_minor") - amount_minor)
    reward.holds_stock, reward.holds_cap, reward.holds_budget = stock, cap, budget


def _warn_when_low(reward: Reward) -> None:
    """Tell the host at the promise that brings the stock down to the number to warn at, and at the one that takes the
    last: a stock may begin below that number."""
    rule = RewardRule.objects.get(pk=reward.rule_id)
    if rule.stock is not None and rule.stock in (rule.low_stock_at, 0):
        signals.send_on_commit(signals.stock_low, rule=rule, coupon_list=None, left=rule.stock)
    if reward.method == COUPON_METHOD and rule.coupon_list_id is not None:
        coupons = CouponList.objects.get(pk=rule.coupon_list_id)
        free = CouponCode.objects.filter(coupon_list=coupons, reward=None).values_list("pk", flat=True)
        left = len(free[: coupons.low_stock_at + 1])  # no more than it takes to know
        if left in (coupons.low_stock_at, 0):
            signals.send_on_commit(signals.stock_low, rule=rule, coupon_list=coupons, left=left)


def _counter(program_id: int, key: str) -> QuerySet[SpendCounter]:
    return SpendCounter.objects.filter(program_id=program_id, key=key)
