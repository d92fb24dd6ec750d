"""What somebody owes after a reversal is netted from what they get next."""

import pytest
from django.contrib.auth import get_user_model

from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.points import PointsProvider
from tests.reversals import AT_ONCE, POINTS, accounts, fresh, pay, reverse, sell, sold

pytestmark = pytest.mark.django_db


def test_what_is_owed_is_netted_from_the_next_points_and_the_rest_is_sent():
    first = sold(POINTS)
    pay(first)
    reverse(amount="40")
    assert accounts()["clawback_receivable"] == 20
    second = sell(first.program, 2)
    assert Payout.objects.get(items__reward=second).amount_minor == 30
    pay(second)
    assert fresh(second) == ("issued", 50, 0)
    assert "clawback_receivable" not in accounts()
    assert accounts()["reward_expense"] == 80


def test_a_payout_that_is_netted_to_nothing_is_settled_without_the_provider(monkeypatch):
    first = sold(POINTS)
    pay(first)
    reverse()
    monkeypatch.setattr(PointsProvider, "send", lambda self, request: pytest.fail("the provider was asked"))
    second = sell(first.program, 2)
    payout = Payout.objects.get(items__reward=second)
    assert (payout.amount_minor, payout.state, second.state) == (0, "paid", "issued")
    assert send_payout(payout_id=payout.pk) is None
    assert "clawback_receivable" not in accounts()


def test_a_dispute_won_after_its_points_were_netted_pays_them_with_the_next():
    program = (first := sold(POINTS)).program
    pay(first)
    reverse("dispute", reversal_id="d-1")
    sell(program, 2)
    reverse("dispute_won", reversal_id="d-1")
    assert accounts()["clawback_receivable"] == -50
    third = sell(program, 3)
    assert Payout.objects.get(items__reward=third).amount_minor == 100
    pay(third)
    assert "clawback_receivable" not in accounts()
    assert accounts()["reward_expense"] == 150


def test_a_dispute_won_after_a_smaller_payment_is_owed_and_paid_with_the_next():
    first = sold({**POINTS, "hold_days": 1})
    reverse("dispute", amount="40", reversal_id="d-1")
    staff = get_user_model().objects.create_user("staff")
    release_hold(reward=first, actor=staff, note="Known for years")
    pay(first)
    assert fresh(first) == ("issued", 30, 0)
    reverse("dispute_won", reversal_id="d-1")
    assert (fresh(first), accounts()["clawback_receivable"]) == (("issued", 30, 0), -20)
    second = sell(first.program, 2)
    release_hold(reward=second, actor=staff, note="Known for years")
    assert Payout.objects.get(items__reward=second).amount_minor == 70
    pay(second)
    assert "clawback_receivable" not in accounts()


def test_what_cannot_be_divided_is_paid_whole_and_the_debt_stays(paid_at_once):
    first = sold(AT_ONCE)
    pay(first)
    reverse()
    second = sell(first.program, 2)
    assert Payout.objects.get(items__reward=second).amount_minor == 2000
    assert accounts()["clawback_receivable"] == 2000


def test_a_netted_payout_that_fails_leaves_the_debt_as_it_was(monkeypatch):
    first = sold(POINTS)
    pay(first)
    reverse(amount="40")
    monkeypatch.setattr(PointsProvider, "send", lambda self, request: PayoutResult(Outcome.FAILED_FINAL))
    second = sell(first.program, 2)
    pay(second)
    assert fresh(second) == ("pending", 50, 0)
    books = accounts()
    assert (books["clawback_receivable"], books["rewards_pending"]) == (20, -50)
