"""What a reward would wait for if it were promised now: the limits' numbers read, none of them moved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from referral_blocks.core.money import Money
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.programs.periods import span_at

from .limits import BUDGET, COUPON_METHOD, cap_key, in_turn, spent
from .models import Approval, CouponCode, Reason, Reward, RewardRule, RewardState, Side


@dataclass(frozen=True, slots=True)
class Wait:
    """One pending reason that the reward would get; ``until`` is when it ends by itself, where that is known."""

    reason: str
    until: datetime | None = None

    @property
    def sentence(self) -> str:
        return str(Reason(self.reason).label)


@dataclass(slots=True)
class Outlook:
    """Looks at one happening's rewards in the rules' order: what an earlier one would take, a later one finds gone."""

    program: Program
    referrer_id: int | None = None
    taken: Counter[str] = field(default_factory=Counter)

    def waits(self, *, rule: RewardRule, amount: Money, flagged: bool) -> tuple[Wait, ...]:
        """The reasons in the order in which the real reward notes them."""
        waits: list[Wait] = []
        if rule.hold_days:
            waits.append(Wait(Reason.HOLD, timezone.now() + timedelta(days=rule.hold_days)))
        if rule.approval == Approval.PERSON:
            waits.append(Wait(Reason.APPROVAL))
        if flagged:
            waits.append(Wait(Reason.REVIEW))
        return (*waits, *self._limits(rule, amount))

    def _limits(self, rule: RewardRule, amount: Money) -> list[Wait]:
        """As limits.reserve: a reward that one limit refuses takes nothing of the others."""
        before = self.taken.copy()
        waits = [*self._stock(rule), *self._cap(rule, amount), *self._budget(amount)]
        if waits:
            self.taken = before
        return waits

    def _cap(self, rule: RewardRule, amount: Money) -> list[Wait]:
        program, limit = self.program, self.program.referrer_cap_minor
        if limit is None or rule.side != Side.REFERRER or amount.currency != program.currency:
            return []
        span = span_at(program=program, period=program.referrer_cap_period, at=timezone.now())
        key = cap_key(referrer_id=str(self.referrer_id), span_key=span.key)
        if spent(program_id=program.pk, key=key) + self.taken[key] + amount.amount_minor > limit:
            return [Wait(Reason.CAP, span.end)]
        self.taken[key] += amount.amount_minor
        return []

    def _budget(self, amount: Money) -> list[Wait]:
        program, limit = self.program, self.program.budget_minor
        if limit is None or amount.currency != program.currency:
            return []
        room = limit - spent(program_id=program.pk) - self.taken[BUDGET]
        if amount.amount_minor > room or in_turn(program_id=self.program.pk, room=room).exists():
            return [Wait(Reason.BUDGET)]
        self.taken[BUDGET] += amount.amount_minor
        return []

    def _stock(self, rule: RewardRule) -> list[Wait]:
        codes, stock = f"coupons:{rule.coupon_list_id}", f"stock:{rule.pk}"
        if rule.method == COUPON_METHOD:
            free = CouponCode.objects.filter(coupon_list=rule.coupon_list_id, reward=None).values_list("pk", flat=True)
            if len(free[: self.taken[codes] + 1]) <= self.taken[codes]:
                return [Wait(Reason.STOCK)]
        if rule.stock is not None and rule.stock <= self.taken[stock]:
            return [Wait(Reason.STOCK)]
        self.taken[codes] += rule.method == COUPON_METHOD
        self.taken[stock] += 1
        return []


def had_enough(*, rule: RewardRule, person: Person | None) -> bool:
    """Whether the person has had the most that the rule gives one person."""
    if rule.limit_per_person is None or person is None:
        return False
    gone = (RewardState.VOID, RewardState.EXPIRED)
    return Reward.objects.filter(rule=rule, person=person).exclude(state__in=gone).count() >= rule.limit_per_person
