"""A sale comes back, or a side is blocked, while the payout is a draft: what is confirmed is what is owed."""

import pytest

from referral_blocks.flows.cancel_payout_run import cancel_payout_run
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.confirm_payout_run import carry_out_payout_run
from referral_blocks.flows.plan_payout_run import preview_payout_run
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.stop_sending import resume_sending
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.policy import PayoutPolicy, SentCounter
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.payout_fake import new_shop
from tests.reversals import accounts, begin_to_send
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


def test_once_sending_has_begun_the_next_payout_is_netted(ana, shop):
    confirm(plan(ana.program))
    begin_to_send()
    back("1", "25")
    assert rewards() == [("reserved", 2000, 500), ("reserved", 2000, 0)]
    assert send_all() == ["paid"]
    buy(ana, "3")
    assert payouts(plan(ana.program)) == [("Ana", 1500, "draft")]
    assert (shop.orders[0].amount.amount_minor, check_ledger()) == (4000, [])


def test_what_is_confirmed_and_not_begun_goes_out_smaller(ana, shop):
    confirm(plan(ana.program))
    back("1", "25")
    assert rewards() == [("reserved", 1500, 0), ("reserved", 2000, 0)]
    back("2")
    assert rewards() == [("reserved", 1500, 0), ("void", 2000, 0)]
    assert send_all() == ["paid"]
    assert [order.amount.amount_minor for order in shop.orders] == [1500]
    assert (accounts(), check_ledger()) == ({"reward_expense": 1500, "provider_cash": -1500}, [])


def test_what_is_confirmed_and_comes_back_as_a_whole_is_never_sent(ana, shop):
    run = plan(ana.program)
    confirm(run)
    back("1")
    back("2")
    assert payouts(run) == [("Ana", 0, "cancelled")]
    assert (send_all(), shop.sends, accounts(), check_ledger()) == ([], 0, {}, [])


def test_what_waits_for_balance_goes_out_smaller_or_not_at_all(ana, shop):
    PayoutPolicy.objects.create(program=ana.program, currency="GBP", daily_cap_minor=4000)
    run = plan(ana.program)
    confirm(run)
    shop.faults = ["not_now"]
    assert send_all() == ["not_now"]
    back("1", "25")
    assert payouts(run) == [("Ana", 3500, "failed_retryable")]
    assert list(SentCounter.objects.values_list("amount_minor", flat=True)) == [0, 0]
    resume_sending(provider="shop", actor=staff(), note="Filled")
    assert send_all() == ["paid"]
    assert [order.amount.amount_minor for order in shop.orders] == [3500]
    assert list(SentCounter.objects.values_list("amount_minor", flat=True)) == [3500, 3500]
    assert check_ledger() == []


def test_what_waits_for_balance_and_comes_back_as_a_whole_is_never_sent(ana, shop):
    run = plan(ana.program)
    confirm(run)
    shop.faults = ["not_now"]
    send_all()
    back("1")
    back("2")
    resume_sending(provider="shop", actor=staff(), note="Filled")
    assert (payouts(run), send_all()) == ([("Ana", 0, "failed_final")], [])
    assert (shop.orders, accounts(), check_ledger()) == ([], {}, [])


@pytest.fixture
def doubt(settings):
    """From now on every sale looks odd."""

    def register():
        says = {"odd": {"path": "tests.referral_blocks.flows.test_screen_referral.Says", "options": {}}}
        settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "FRAUD_CHECKS": says}

    return register


@pytest.mark.parametrize("claimed", [None, "draft", "confirmed"])
def test_a_flag_takes_what_nobody_has_begun_to_send_out_of_its_payout(ana, doubt, shop, claimed):
    run = plan(ana.program) if claimed else None
    if claimed == "confirmed":
        confirm(run)
    doubt()
    buy(ana, "3")
    assert rewards() == [("pending", 2000, 0)] * 3
    assert set(Reward.objects.values_list("pending_reasons__reason", flat=True)) == {"review"}
    if run:
        assert payouts(run) == [("Ana", 4000, "cancelled")]
    assert (send_all(), shop.orders, check_ledger()) == ([], [], [])
    assert accounts() == {"reward_expense": 6000, "rewards_pending": -6000}
    ana.refresh_from_db()
    review_referral(referral=ana, approve=True, note="Known", actor=staff())
    assert rewards() == [("approved", 2000, 0)] * 3
    assert accounts() == {"reward_expense": 6000, "rewards_payable": -6000}
    (planned,) = preview_payout_run(program=ana.program, provider="shop").payouts
    assert planned.amount_minor == 6000
