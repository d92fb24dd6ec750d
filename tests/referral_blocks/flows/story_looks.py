"""What the random stories look at after each step: the same questions thousands of times, so each becomes SQL once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Count, F, QuerySet, Sum

from referral_blocks.analytics.standing import count_everything
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.ledger.models import PointsLot
from referral_blocks.ledger.selectors import liability, trial_balance
from referral_blocks.ledger.statement import statement
from referral_blocks.payouts.models import PayoutItem
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import ReferrerStanding
from referral_blocks.rewards.milestones import still_reached
from referral_blocks.rewards.models import CouponCode, Reward, RewardRule, SpendCounter


class Enough(BaseException):
    """As many whole stories are told as were asked for; an exception would be taken for a failure."""


def writes(sql: str) -> bool:
    """Whether a statement may have changed a row; a rollback may have, too."""
    return not sql.startswith(("SELECT", "SAVEPOINT", "RELEASE"))


class Looks:
    """One question a name; each answers with rows."""

    def __init__(self) -> None:
        items, rewards = PayoutItem.objects.order_by(), Reward.objects.order_by()
        twice = items.values_list("reward").annotate(n=Count("pk")).filter(n__gt=1)
        limited = rewards.filter(rule__limit_per_person__isnull=False).exclude(state__in=["void", "expired"])
        limited = limited.values_list("rule", "person", "rule__limit_per_person").annotate(n=Count("pk"))
        reached = still_reached(rewards.filter(rule__friend_to=2)).values_list("rule", "person")
        stocked = RewardRule.objects.filter(stock__isnull=False)
        self.paid_for_twice = asked(twice.filter(released=False))
        self.paid_twice = asked(twice.filter(payout__state__in=["sent", "paid"]))
        self.issued = asked(rewards.exclude(issued_at=None).values_list("pk"))
        self.paid = asked(items.filter(payout__state="paid").values_list("reward_id"))
        self.limits = asked(Program.objects.values_list("budget_minor", "referrer_cap_minor"))
        self.counters = asked(SpendCounter.objects.values_list("key", "amount_minor"))
        self.stock = asked(stocked.values_list("stock"))
        self.taken = asked(rewards.filter(rule__in=stocked, holds_stock=True).values_list("pk"))
        self.coupons = asked(CouponCode.objects.exclude(reward=None).values_list("pk"))
        self.coupon_rewards = asked(rewards.filter(method="coupon", holds_stock=True).values_list("pk"))
        self.beyond_limit = asked(limited.filter(n__gt=F("rule__limit_per_person")))
        self.reached_twice = asked(reached.annotate(n=Count("pk")).filter(n__gt=1))
        self.points = asked(PointsLot.objects.order_by().values_list("person").annotate(n=Sum("left")))


def asked(rows: QuerySet[Any, Any]) -> Callable[[], list[tuple[Any, ...]]]:
    """The question as SQL; each call asks it."""
    sql, parameters = rows.query.sql_with_params()

    def ask() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    return ask


looks = cache(Looks)


def the_books_are_right() -> None:
    """The ledger says what the rows say, and each standing what a recount says."""
    assert check_ledger() == []
    sums = {currency: sum(accounts.values()) for currency, accounts in trial_balance().items()}
    assert set(sums.values()) <= {0}, sums
    for row in ReferrerStanding.objects.select_related("referrer__program"):
        counted = count_everything(referrer=row.referrer)
        assert {name: getattr(row, name) for name in counted} == counted


def statements_end_with_what_is_owed(program: Program) -> None:
    owed: Counter[str] = Counter()
    for person in Person.objects.all():
        last = {s.balance.currency: s.balance for s in statement(program=program, person=person, limit=10**6)}
        owed.update({currency: balance.amount_minor for currency, balance in last.items()})
    lines = liability(program_id=program.pk)
    assert dict(owed) == {line.currency: line.owed for line in lines}
