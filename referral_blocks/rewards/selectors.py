"""Reads rewards."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import CharField, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from referral_blocks.programs.models import Program
from referral_blocks.programs.periods import span_at

from .limits import BUDGET, COUPON_METHOD, LIMITS, cap_key
from .models import (
    CouponCode,
    CouponList,
    PendingReason,
    Reason,
    Reward,
    RewardRule,
    RewardState,
    SpendCounter,
    Trigger,
)

ISSUED = (RewardState.ISSUED, RewardState.REDEEMED)


def active_rules(*, program_id: int) -> QuerySet[RewardRule]:
    """The programme's present offers to those who refer and are referred."""
    return RewardRule.objects.filter(program_id=program_id, active=True).exclude(trigger=Trigger.POINTS)


def points_offers(*, program_id: int) -> QuerySet[RewardRule]:
    """What points can be exchanged for at present, the cheapest first; what is sold out is not offered."""
    rules = RewardRule.objects.filter(program_id=program_id, active=True, trigger=Trigger.POINTS)
    return rules.filter(points_price__isnull=False).exclude(stock=0).order_by("points_price", "pk")


def rewards_of(*, person_id: int, program_id: int) -> QuerySet[Reward]:
    """A person's rewards in one programme, newest first, with what they wait for."""
    return Reward.objects.filter(person_id=person_id, program_id=program_id).prefetch_related("pending_reasons")


def due_hold_ids(*, limit: int) -> list[int]:
    """Ids of rewards whose hold is over, longest over first."""
    due = PendingReason.objects.filter(reason=Reason.HOLD, until__lte=timezone.now(), reward__state=RewardState.PENDING)
    return list(due.order_by("until").values_list("reward_id", flat=True)[:limit])


def due_expiry_ids(*, limit: int) -> list[int]:
    """Ids of rewards that were not issued before they expired, longest expired first."""
    late = Reward.objects.filter(
        state__in=(RewardState.PENDING, RewardState.APPROVED), expires_at__lte=timezone.now()
    )  # fmt: skip
    return list(late.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit])


def coupon_of(*, reward: Reward) -> str | None:
    """The single-use code of a reward that was issued; None before: a code is worth money to whoever reads it."""
    if reward.state not in ISSUED:
        return None
    return CouponCode.objects.filter(reward=reward).values_list("code", flat=True).first()


def program_ids_waiting(*, program_id: int | None = None) -> set[int]:
    """The programmes in which a reward waits for a limit; of all, or whether it is so in one."""
    waits = PendingReason.objects.filter(reason__in=LIMITS, reward__state=RewardState.PENDING).order_by()
    if program_id is not None:
        return {program_id} if waits.filter(reward__program_id=program_id).exists() else set()
    return set(waits.values_list("reward__program_id", flat=True).distinct())


def waiting_with_room(*, program_id: int, limit: int) -> list[int]:
    """Ids of rewards whose limits all have room for them now, oldest first; those without are left alone, so that a
    long queue costs nothing while there is no room."""
    program = Program.objects.get(pk=program_id)
    waits = PendingReason.objects.filter(reward=OuterRef("pk"))
    rewards = Reward.objects.filter(Exists(waits.filter(reason__in=LIMITS)), program=program, state=RewardState.PENDING)
    rewards = rewards.exclude(Exists(waits.filter(reason=Reason.BUDGET)) & ~_fits_budget(program))
    # The last try failed: where many of them are the oldest, they would take the whole batch each time.
    rewards = rewards.exclude(Exists(waits.filter(reason=Reason.BUDGET, until__gt=timezone.now())))
    rewards = _within_cap(rewards, program, Exists(waits.filter(reason=Reason.CAP)))
    free = CouponCode.objects.filter(coupon_list=OuterRef("rule__coupon_list"), reward=None)
    empty = Q(rule__stock=0) | (Q(method=COUPON_METHOD) & ~Exists(free))
    rewards = rewards.exclude(Exists(waits.filter(reason=Reason.STOCK)) & empty)
    return list(rewards.order_by("pk").values_list("pk", flat=True)[:limit])


def _fits_budget(program: Program) -> Q:
    if program.budget_minor is None:
        return Q(pk__isnull=False)
    held = SpendCounter.objects.filter(program=program, key=BUDGET).values_list("amount_minor", flat=True).first() or 0
    return Q(amount_minor__lte=program.budget_minor - held)


def _within_cap(rewards: QuerySet[Reward], program: Program, waits_for_cap: Exists) -> QuerySet[Reward]:
    if program.referrer_cap_minor is None:
        return rewards
    span = span_at(program=program, period=program.referrer_cap_period, at=timezone.now())
    head, tail = cap_key(referrer_id="|", span_key=span.key).split("|")
    key = Concat(Value(head), Cast(OuterRef("referrer_id"), CharField()), Value(tail))
    held = SpendCounter.objects.filter(program=program, key=key).values("amount_minor")
    counted = rewards.annotate(cap_held=Coalesce(Subquery(held), 0))
    return counted.exclude(waits_for_cap & Q(amount_minor__gt=program.referrer_cap_minor - F("cap_held")))


@dataclass(frozen=True, slots=True)
class LowStock:
    """Something that is nearly used up: a rule's own stock, or (``coupon_list``) the codes of a list."""

    title: str
    left: int
    warn_at: int
    rule_id: int | None = None
    coupon_list_id: int | None = None


def low_stock(*, program: Program) -> list[LowStock]:
    """What is down to the number to warn at, or below; two queries."""
    rules = RewardRule.objects.filter(program=program, active=True, stock__lte=F("low_stock_at"))
    free = Count("codes", filter=Q(codes__reward=None), output_field=IntegerField())
    # A list that no rule gives from cannot run out: such as one that only keeps codes made one by one.
    given_from = RewardRule.objects.filter(coupon_list=OuterRef("pk"))
    lists = CouponList.objects.filter(Exists(given_from), program=program)
    lists = lists.annotate(left=free).filter(left__lte=F("low_stock_at"))
    return [
        *(LowStock(r.title, r.stock or 0, r.low_stock_at, rule_id=r.pk) for r in rules),
        *(LowStock(c.name, c.left, c.low_stock_at, coupon_list_id=c.pk) for c in lists.order_by("pk")),
    ]
