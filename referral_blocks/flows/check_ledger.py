"""The nightly check: does the ledger say what rewards, payouts, points and limits say, and is the number of customers
right that milestones go by?"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from referral_blocks.core.money import POINTS
from referral_blocks.fraud.selectors import not_blocked
from referral_blocks.ledger.models import Account, LedgerLine, PointsLot
from referral_blocks.ledger.points import SETTLED
from referral_blocks.ledger.selectors import unbalanced_entries
from referral_blocks.payouts.models import Payout, PayoutItem, PayoutReversal, PayoutState
from referral_blocks.payouts.provider import Outcome
from referral_blocks.payouts.reversals import LIVE
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import ReferrerStanding
from referral_blocks.rewards.limits import BUDGET
from referral_blocks.rewards.models import Reward, RewardState, SpendCounter

from .adjust_rewards import share_left
from .send_payout import POINTS_PROVIDER

logger = logging.getLogger(__name__)
Sums = Mapping[tuple[int, str], int]  # (program id, currency) → minor units

NOT_SENT = (
    PayoutState.DRAFT,
    PayoutState.CONFIRMED,
    PayoutState.SENDING,
    PayoutState.FAILED_RETRYABLE,
    PayoutState.UNKNOWN,
)
CLAWS = ("reward_clawed", "clawback_returned")  # keyed by the reward that they are about
CLAIMED = (RewardState.RESERVED, RewardState.ISSUED, RewardState.REDEEMED, RewardState.CLAWED_BACK)


@dataclass(frozen=True, slots=True)
class Difference:
    """``what`` is an account, a counter's key, ``entry:<id>`` for one whose lines do not sum to zero, or
    ``customers:<referrer id>`` for a count of people; ``found`` is what the ledger (or the counter) says, ``expected``
    what the rows say, in minor units."""

    what: str
    program_id: int | None
    currency: str
    found: int
    expected: int


def check_ledger() -> list[Difference]:
    """Every difference, each logged as an error; empty is what it should be. A fixed number of queries, one moment."""
    with transaction.atomic():
        beyond = _owed_beyond()
        found = [*_entries(), *_accounts(beyond), *_counters(beyond), *_customers()]
    for difference in found:
        logger.error("The ledger does not agree: %s", difference)
    return found


def _entries() -> Iterator[Difference]:
    for entry_id, currency, total in unbalanced_entries():
        yield Difference(f"entry:{entry_id}", None, currency, total, 0)


def _owed_beyond() -> dict[int, int]:
    """Reward id → what its owner was owed beyond it, because it had been claimed before a dispute was won."""
    lines = LedgerLine.objects.order_by().filter(account=Account.CLAWBACK, entry__kind__in=CLAWS)
    taken: Counter[int] = Counter()
    for key, total in lines.values_list("entry__key").annotate(Sum("amount_minor")).iterator():
        taken[int(key.split(":")[1])] += total
    return {pk: -total for pk, total in taken.items() if total < 0}


def _accounts(beyond: Mapping[int, int]) -> Iterator[Difference]:
    rows = LedgerLine.objects.order_by().values_list("entry__program_id", "currency", "account")
    ledger = {
        (program, currency, account): total for program, currency, account, total in rows.annotate(Sum("amount_minor"))
    }
    for account, sums in _expected(beyond).items():
        sign = 1 if account == Account.CLAWBACK else -1
        keys = set(sums) | {(p, c) for p, c, a in ledger if a == account}
        for program, currency in sorted(keys):
            is_, should = sign * ledger.get((program, currency, account), 0), sums.get((program, currency), 0)
            if is_ != should:
                yield Difference(str(account), program, currency, is_, should)


def _expected(beyond: Mapping[int, int]) -> dict[str, Sums]:
    rewards, payouts = Reward.objects.order_by(), Payout.objects.order_by()
    to_points = Q(provider=POINTS_PROVIDER, currency=POINTS)
    payable = Counter(_sums(rewards.filter(state=RewardState.APPROVED)))
    payable.update(_sums(payouts.filter(state__in=NOT_SENT)))
    lots = PointsLot.objects.order_by().values_list("program_id").annotate(total=Sum("left"))
    return {
        Account.PENDING: _sums(rewards.filter(state=RewardState.PENDING)),
        Account.PAYABLE: payable,
        Account.IN_TRANSIT: _less(_sums(payouts.filter(state=PayoutState.SENT)), _reversals(LIVE)),
        Account.PAID_OUT: _less(
            _sums(payouts.filter(~to_points, state=PayoutState.PAID)), _reversals((str(Outcome.PAID),))
        ),
        Account.POINTS: {(program, POINTS): total for program, total in lots},
        Account.CLAWBACK: _to_be_netted(beyond),
    }


def _reversals(outcomes: Collection[str]) -> Sums:
    """What was, or is being, taken back through the providers."""
    rows = PayoutReversal.objects.order_by().filter(outcome__in=outcomes)
    totals = rows.values_list("payout__program_id", "payout__currency").annotate(total=Sum("amount_minor"))
    return {(program, currency): total for program, currency, total in totals}


def _less(sums: Sums, taken: Sums) -> Sums:
    return {key: sums.get(key, 0) - taken.get(key, 0) for key in {*sums, *taken}}


def _sums(rows: QuerySet[Reward] | QuerySet[Payout]) -> Sums:
    totals = rows.values_list("program_id", "currency").annotate(total=Sum("amount_minor"))
    return {(program, currency): total for program, currency, total in totals}


def _to_be_netted(beyond: Mapping[int, int]) -> Sums:
    """What was claimed for sales and groups that are no longer whole, less what payouts, reversals of payouts, or
    points at their date, have settled.

    What a won dispute would add to a claimed reward is owed as far as the limits had room for it.
    """
    totals: Counter[tuple[int, str]] = Counter()
    changed = Q(sale__reversed_minor__gt=0) | ~Q(amount_minor=F("promised_minor"))
    claimed = (
        Reward.objects.order_by()
        .filter(changed, state__in=CLAIMED, sale__isnull=False)
        .values_list(
            "pk", "program_id", "currency", "amount_minor", "promised_minor", "sale__amount_minor",
            "sale__reversed_minor",
        )
    )  # fmt: skip
    for pk, program, currency, amount, promised, sold, reversed_ in claimed.iterator():
        left = share_left(promised_minor=promised, amount_minor=sold, reversed_minor=reversed_)
        totals[program, currency] += max(amount - left, -beyond.get(pk, 0))
    # A group's rewards hang on no sale of their own: they stand or fall with the group, as a whole.
    fallen = Reward.objects.order_by().filter(state__in=CLAIMED, sale=None, clawed_minor__gt=0)
    for program, currency, total in fallen.values_list("program_id", "currency").annotate(Sum("clawed_minor")):
        totals[program, currency] += total
    items = PayoutItem.objects.filter(released=False).values_list("payout__program_id", "payout__currency")
    for program, currency, total in items.annotate(total=Sum("reward__amount_minor")):
        totals[program, currency] -= total
    settled = LedgerLine.objects.order_by().filter(account=Account.POINTS, entry__kind=SETTLED)
    for program, total in settled.values_list("entry__program_id").annotate(Sum("amount_minor")):
        totals[program, POINTS] -= total
    live = PayoutItem.objects.filter(payout=OuterRef("pk"), released=False)
    for key, total in _sums(Payout.objects.order_by().filter(Exists(live))).items():
        totals[key] += total
    for key, total in _reversals((*LIVE, str(Outcome.PAID))).items():
        totals[key] -= total
    return totals


def _counters(beyond: Mapping[int, int]) -> Iterator[Difference]:
    """Budgets and caps: each counter holds what the rewards hold of it, no more and no less."""
    held: Counter[tuple[int, str]] = Counter()
    rewards = Reward.objects.order_by()
    budget = rewards.filter(holds_budget=True).values_list("program_id").annotate(Sum("amount_minor"))
    held.update({(program, BUDGET): total for program, total in budget})
    caps = rewards.exclude(holds_cap="").values_list("program_id", "holds_cap").annotate(Sum("amount_minor"))
    held.update({(program, key): total for program, key, total in caps})
    more = rewards.filter(pk__in=list(beyond)).values_list("pk", "program_id", "holds_budget", "holds_cap")
    for pk, program, has_budget, cap in more:
        held[program, BUDGET] += beyond[pk] if has_budget else 0
        held[program, cap] += beyond[pk] if cap else 0
    rows = SpendCounter.objects.values_list("program_id", "key", "amount_minor")
    counted = {(program, key): amount for program, key, amount in rows}
    for program, key in sorted(set(counted) | set(held)):
        if counted.get((program, key), 0) != held[program, key]:
            yield Difference(key, program, "", counted.get((program, key), 0), held[program, key])


def _customers() -> Iterator[Difference]:
    """What referrers' standings say of their customers: milestones and tiers go by it."""
    friends = not_blocked(Referral.objects.order_by().filter(stage=Stage.QUALIFIED))
    names = ("referrer_id", "program_id")
    counted = {(r, p): n for r, p, n in friends.values_list(*names).annotate(n=Count("pk"))}
    rows = ReferrerStanding.objects.exclude(qualified=0).values_list("referrer_id", "referrer__program_id", "qualified")
    kept = {(r, p): n for r, p, n in rows}
    for key in sorted(set(counted) | set(kept)):
        if kept.get(key, 0) != counted.get(key, 0):
            yield Difference(f"customers:{key[0]}", key[1], "", kept.get(key, 0), counted.get(key, 0))
