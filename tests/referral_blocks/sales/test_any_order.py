"""Refunds, disputes, payouts and failures in any order: the books always say what the sale is still worth."""

from random import Random

import pytest

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.adjust_rewards import share_left
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.selectors import balances, unbalanced_entries
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.points import PointsProvider
from referral_blocks.referrers.models import ReferrerStanding
from referral_blocks.rewards.limits import spent
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db
POINTS = {
    "side": "referrer", "title": "Points", "method": "points", "amount_minor": 77, "currency": "PTS", "hold_days": 0,
    "approval": "automatic", "sale_to": None,
}  # fmt: skip
GIFT = {"side": "friend", "title": "Gift", "amount_minor": 1999, "sale_to": None}
UNDERWAY = ("pending", "approved", "reserved")


def step(random, program, number):
    kind = random.choice(["sale", "refund", "refund", "dispute", "dispute_won", "send", "send"])
    if kind == "sale":
        sale = {"source": "api", "external_id": f"{number}", "friend_email": "friend@example.com"}
        record_sale(program=program, amount=str(random.randint(1, 90)), currency="GBP", **sale)
    elif kind == "send":
        for pk in Payout.objects.filter(state="confirmed").values_list("pk", flat=True)[:1]:
            send_payout(payout_id=pk)
    else:
        sale = random.choice(list(Sale.objects.all()))
        reverse_sale(
            program=program,
            source="api",
            external_id=sale.external_id,
            reversal_id=str(random.randint(1, 4)) if kind != "refund" else f"r-{number}",
            kind=kind,
            amount=random.choice([None, str(random.randint(1, 40))]),
        )


def worth(reward):
    sale = reward.sale
    return share_left(
        promised_minor=reward.promised_minor, amount_minor=sale.amount_minor, reversed_minor=sale.reversed_minor
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_expense_is_what_all_sales_are_still_worth(monkeypatch, seed):
    random = Random(seed)
    outcomes = [Outcome.PAID, Outcome.PAID, Outcome.FAILED_FINAL]
    monkeypatch.setattr(PointsProvider, "send", lambda self, request: PayoutResult(random.choice(outcomes)))
    program = make_referral(make_program(rules=(POINTS, GIFT))).program
    sale = {"source": "api", "external_id": "0", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="90", currency="GBP", **sale)
    done = 0
    for number in range(1, 31):
        try:
            step(random, program, number)
            done += 1
        except DomainError:
            continue
        assert unbalanced_entries() == []
        books, rewards = balances(program_id=program.pk), list(Reward.objects.select_related("sale"))
        for currency in ("PTS", "GBP"):
            expected = sum(worth(reward) for reward in rewards if reward.currency == currency)
            assert books.get(("reward_expense", currency), 0) == expected
        pending = [r for r in rewards if r.state == "pending"]
        for currency in ("PTS", "GBP"):
            waits = sum(r.amount_minor for r in pending if r.currency == currency)
            assert -books.get(("rewards_pending", currency), 0) == waits
        approved = sum(r.amount_minor for r in rewards if r.state == "approved")
        waiting = sum(Payout.objects.filter(state="confirmed").values_list("amount_minor", flat=True))
        assert -books.get(("rewards_payable", "PTS"), 0) == approved + waiting
        assert spent(program_id=program.pk) == sum(r.amount_minor for r in pending if r.currency == "GBP")
        stands = any(s.reversed_minor < s.amount_minor for s in Sale.objects.all())
        assert ReferrerStanding.objects.get().qualified == int(stands)
    assert done > 10
