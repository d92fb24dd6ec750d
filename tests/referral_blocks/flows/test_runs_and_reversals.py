"""A sale comes back, or a side is blocked, while the payout is a draft: what is confirmed is what is owed."""

import pytest

from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.confirm_payout_run import cancel_payout_run, carry_out_payout_run
from referral_blocks.flows.plan_payout_run import preview_payout_run
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.payout_fake import new_shop
from tests.reversals import accounts
from tests.runs import buy, confirm, friend_of, payouts, plan, providers, runs_program, send_all, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers()
    return new_shop()


def back(order, amount=None, kind="refund", reversal_id="r-1"):
    program = Reward.objects.first().program
    given = {"source": "api", "external_id": order, "reversal_id": reversal_id, "kind": kind, "amount": amount}
    reverse_sale(program=program, **given)


@pytest.fixture
def ana():
    """Somebody who has earned £20 twice."""
    referral = friend_of(runs_program(), "ana")
    buy(referral, "1")
    buy(referral, "2")
    return referral


def rewards():
    return list(Reward.objects.order_by("pk").values_list("state", "amount_minor", "clawed_minor"))


def test_a_refund_in_part_shrinks_reward_and_draft(ana):
    run = plan(ana.program)
    back("1", "25")
    assert rewards() == [("reserved", 1500, 0), ("reserved", 2000, 0)]
    assert payouts(run) == [("Ana", 3500, "draft")]
    assert accounts() == {"reward_expense": 3500, "rewards_payable": -3500}
    confirm(run, seen_minor=3500)
    assert send_all() == ["paid"]
    assert accounts() == {"reward_expense": 3500, "provider_cash": -3500}
    assert check_ledger() == []


def test_a_refund_of_all_takes_the_reward_out_of_the_draft(ana):
    run = plan(ana.program)
    back("1")
    assert rewards() == [("void", 2000, 0), ("reserved", 2000, 0)]
    assert payouts(run) == [("Ana", 2000, "draft")]
    assert accounts() == {"reward_expense": 2000, "rewards_payable": -2000}
    confirm(run)
    assert (send_all(), check_ledger()) == (["paid"], [])


def test_a_draft_without_rewards_is_cancelled(ana):
    run = plan(ana.program)
    back("1")
    back("2", reversal_id="r-2")
    assert payouts(run) == [("Ana", 0, "cancelled")]
    assert (accounts(), check_ledger()) == ({}, [])


def test_a_dispute_won_brings_the_reward_back_for_the_next_run(ana):
    run = plan(ana.program)
    back("1", kind="dispute", reversal_id="d-1")
    assert payouts(run) == [("Ana", 2000, "draft")]
    back("1", kind="dispute_won", reversal_id="d-1")
    assert rewards() == [("approved", 2000, 0), ("reserved", 2000, 0)]
    confirm(run)
    assert payouts(plan(ana.program)) == [("Ana", 2000, "draft")]
    assert check_ledger() == []


def test_a_dispute_in_part_that_is_won_grows_the_draft_again(ana):
    run = plan(ana.program)
    back("1", "25", "dispute", "d-1")
    assert payouts(run) == [("Ana", 3500, "draft")]
    back("1", None, "dispute_won", "d-1")
    assert payouts(run) == [("Ana", 4000, "draft")]
    assert accounts() == {"reward_expense": 4000, "rewards_payable": -4000}


@pytest.fixture
def owing(ana):
    """Ana was paid £40, and £15 of it was refunded; she has earned £40 more."""
    confirm(plan(ana.program))
    send_all()
    back("1", "75")
    assert accounts()["clawback_receivable"] == 1500
    buy(ana, "3")
    buy(ana, "4")
    return ana


def test_what_is_owed_is_netted_once_and_the_preview_says_so(owing, shop):
    seen = preview_payout_run(program=owing.program, provider="shop")
    (planned,) = seen.payouts
    assert (planned.gross_minor, planned.netted_minor, planned.amount_minor) == (4000, 1500, 2500)
    run = plan(owing.program)
    assert payouts(run) == [("Ana", 2500, "draft")]
    assert "clawback_receivable" not in accounts()
    confirm(run)
    assert (send_all(), shop.orders[-1].amount.amount_minor, check_ledger()) == (["paid"], 2500, [])


def test_a_refund_while_a_netted_draft_waits_keeps_the_netting_exact(owing):
    run = plan(owing.program)
    back("3", "50", reversal_id="r-3")
    assert payouts(run) == [("Ana", 1500, "draft")]
    back("4", "100", reversal_id="r-4")  # £10 are left: less than the £15 that were netted
    assert payouts(run) == [("Ana", 0, "draft")]
    assert accounts()["clawback_receivable"] == 500
    confirm(run)
    assert payouts(run) == [("Ana", 0, "paid")]
    buy(owing, "5")
    second = plan(owing.program)
    assert payouts(second) == [("Ana", 1500, "draft")]
    assert check_ledger() == []


def test_a_cancelled_run_lets_the_debt_stand_as_it_was(owing):
    run = plan(owing.program)
    cancel_payout_run(run=run, actor=staff(), note="Wrong month")
    carry_out_payout_run(run_id=run.pk)
    assert accounts()["clawback_receivable"] == 1500
    assert payouts(plan(owing.program)) == [("Ana", 2500, "draft")]
    assert check_ledger() == []


def test_a_debt_is_netted_before_the_smallest_payout_is_asked(owing):
    PayoutPolicy.objects.create(program=owing.program, currency="GBP", minimum_minor=2501)
    seen = preview_payout_run(program=owing.program, provider="shop")
    assert (seen.payouts, {stay.code for stay in seen.stays}) == ([], {"minimum"})
    PayoutPolicy.objects.update(minimum_minor=2500)
    assert preview_payout_run(program=owing.program, provider="shop").total_minor == 2500


def test_a_debt_is_spread_over_several_payouts_as_the_preview_said(owing):
    PayoutPolicy.objects.create(program=owing.program, currency="GBP", person_cap_minor=2000)
    PayoutPolicy.objects.filter().update(person_cap_minor=2000)
    Payout.objects.update(counted_on=None)
    back("2", "100", reversal_id="r-2")  # she owes £35 now
    seen = preview_payout_run(program=owing.program, provider="shop")
    assert [(p.gross_minor, p.netted_minor) for p in seen.payouts] == [(2000, 2000), (2000, 1500)]
    assert payouts(plan(owing.program)) == [("Ana", 0, "draft"), ("Ana", 500, "draft")]
    assert "clawback_receivable" not in accounts()


def test_a_blocked_side_leaves_the_draft_and_what_is_left_waits_for_the_next_run(ana):
    other = friend_of(ana.program, "ben")
    buy(other, "9")
    run = plan(ana.program)
    set_review(referral=ana, to="flagged", reason="test")
    review_referral(referral=ana, approve=False, note="Same person", actor=staff())
    assert payouts(run) == [("Ana", 4000, "cancelled"), ("Ben", 2000, "draft")]
    assert rewards()[:2] == [("void", 2000, 0), ("void", 2000, 0)]
    confirm(run, seen_minor=2000)
    assert (send_all(), check_ledger()) == (["paid"], [])


def test_after_the_run_is_confirmed_the_next_payout_is_netted(ana, shop):
    confirm(plan(ana.program))
    back("1", "25")
    assert rewards() == [("reserved", 2000, 500), ("reserved", 2000, 0)]
    assert send_all() == ["paid"]
    buy(ana, "3")
    assert payouts(plan(ana.program)) == [("Ana", 1500, "draft")]
    assert (shop.orders[0].amount.amount_minor, check_ledger()) == (4000, [])
