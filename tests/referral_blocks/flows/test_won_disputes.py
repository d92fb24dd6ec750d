"""A dispute that is won brings back no more than the limits have room for."""

import pytest
from django.contrib.auth import get_user_model

from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.programs.models import Program
from referral_blocks.rewards.limits import spent
from referral_blocks.rewards.models import Reward, RewardRule
from tests.reversals import AT_ONCE, accounts, fresh, pay, reverse, sell, sold

pytestmark = pytest.mark.django_db
HELD = {**AT_ONCE, "hold_days": 5}


def claimed_small(**fields) -> Reward:
    """A reward of 20.00 that is worth 10.00 when a payout claims it, because half of its sale is disputed."""
    reward = sold(HELD, **fields)
    reverse("dispute", amount="50", reversal_id="d-1")
    release_hold(reward=reward, actor=get_user_model().objects.create_user("staff"), note="Known for years")
    return reward


def take_the_rest(reward: Reward) -> Reward:
    """Another reward has what the first gave back."""
    RewardRule.objects.update(amount_minor=1000)
    return sell(reward.program, 2)


@pytest.mark.parametrize(
    "limits", [{"budget_minor": 2000}, {"referrer_cap_minor": 2000, "referrer_cap_period": "month"}]
)
def test_what_was_paid_small_is_not_owed_when_the_limits_have_no_room_any_more(paid_at_once, limits):
    reward = claimed_small(**limits)
    pay(reward)
    second = take_the_rest(reward)
    assert reverse("dispute_won", reversal_id="d-1").rewards == []
    assert fresh(reward) == ("issued", 1000, 0)
    assert accounts() == {"reward_expense": 2000, "provider_cash": -1000, "rewards_pending": -1000}
    assert (second.state, spent(program_id=reward.program_id), check_ledger()) == ("pending", 2000, [])


def test_what_was_paid_small_is_owed_and_counted_when_the_budget_has_room(paid_at_once):
    reward = claimed_small(budget_minor=2000)
    pay(reward)
    reverse("dispute_won", reversal_id="d-1")
    assert accounts() == {"reward_expense": 2000, "provider_cash": -1000, "clawback_receivable": -1000}
    assert (spent(program_id=reward.program_id), check_ledger()) == (2000, [])
    assert set(take_the_rest(reward).pending_reasons.values_list("reason", flat=True)) == {"hold", "budget"}


def test_what_is_owed_beyond_a_reward_is_given_back_with_the_next_refund(paid_at_once):
    reward = claimed_small(budget_minor=2000)
    pay(reward)
    reverse("dispute_won", reversal_id="d-1")
    reverse(amount="75")
    assert fresh(reward) == ("issued", 1000, 500)
    assert accounts() == {"reward_expense": 500, "provider_cash": -1000, "clawback_receivable": 500}
    assert (spent(program_id=reward.program_id), check_ledger()) == (1000, [])


def test_room_that_comes_later_is_asked_for_by_the_next_reversal_only(paid_at_once):
    reward = claimed_small(budget_minor=2000)
    pay(reward)
    take_the_rest(reward)
    reverse("dispute_won", reversal_id="d-1")
    Program.objects.update(budget_minor=5000)
    assert accounts().get("clawback_receivable") is None
    reverse(amount="25")
    assert accounts()["clawback_receivable"] == -500
    assert (spent(program_id=reward.program_id), check_ledger()) == (2500, [])


@pytest.mark.parametrize(
    ("budget", "worth", "counted"), [(3000, 2000, 3000), (2000, 1000, 2000)], ids=["room", "no room"]
)
def test_a_payout_that_fails_for_good_after_a_won_dispute_leaves_the_books_right(monkeypatch, budget, worth, counted):
    monkeypatch.setattr(ManualProvider, "send", lambda self, request: PayoutResult(Outcome.FAILED_FINAL))
    reward = claimed_small(budget_minor=budget)
    take_the_rest(reward)
    reverse("dispute_won", reversal_id="d-1")
    pay(reward)
    assert fresh(reward)[1:] == (worth, 0)
    assert "clawback_receivable" not in accounts()
    assert (accounts()["reward_expense"], spent(program_id=reward.program_id)) == (counted, counted)
    assert check_ledger() == []


def test_room_that_a_won_dispute_took_stays_taken_when_the_budget_is_lowered_and_the_payout_fails(monkeypatch):
    monkeypatch.setattr(ManualProvider, "send", lambda self, request: PayoutResult(Outcome.FAILED_FINAL))
    reward = claimed_small(budget_minor=2000)
    reverse("dispute_won", reversal_id="d-1")
    Program.objects.update(budget_minor=0)
    pay(reward)
    assert (fresh(reward)[1:], spent(program_id=reward.program_id), check_ledger()) == ((2000, 0), 2000, [])


def test_a_reward_whose_place_another_took_does_not_come_back():
    first = sold({**HELD, "limit_per_person": 1})
    reverse("dispute", reversal_id="d-1")
    second = sell(first.program, 2)
    assert reverse("dispute_won", reversal_id="d-1").rewards == []
    assert (fresh(first)[0], fresh(second)[0]) == ("void", "pending")
    assert accounts() == {"reward_expense": 2000, "rewards_pending": -2000}
    assert check_ledger() == []
