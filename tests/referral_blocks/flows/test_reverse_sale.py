"""Refunds and disputes: what they make of rewards, of the ledger and of the friend."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.adjust_rewards import share_left
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import PendingReason, Reward
from referral_blocks.rewards.services import move_reward
from referral_blocks.sales.models import Sale, SaleReversal
from tests.make import make_link, make_program, make_referral
from tests.reversals import AT_ONCE, GIFT, accounts, begin_to_send, fresh, pay, reverse, sell, sold, standing

pytestmark = pytest.mark.django_db
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("promised", "amount", "gone", "left"),
    [(2000, 100, 50, 1000), (1, 2, 1, 1), (1, 3, 2, 0), (999, 1000, 1, 998), (5, 100, 100, 0), (10**15, 7, 0, 10**15)],
)
def test_the_part_that_is_left_is_rounded_half_up(promised, amount, gone, left):
    assert share_left(promised_minor=promised, amount_minor=amount, reversed_minor=gone) == left


def test_two_partial_refunds_shrink_a_waiting_reward_by_their_share():
    reward = sold()
    first = reverse(amount="25")
    assert ([r.pk for r in first.rewards], first.created) == ([reward.pk], True)
    assert fresh(reward) == ("pending", 1500, 0)
    reverse(amount="10.50", reversal_id="r-2")
    assert fresh(reward) == ("pending", 1290, 0)
    assert accounts() == {"reward_expense": 1290, "rewards_pending": -1290}
    assert (Sale.objects.get().reversed_minor, standing()) == (3550, (1, 1290, 0))


def test_three_refunds_that_sum_to_the_whole_leave_exactly_zero():
    reward = sold({**GIFT, "amount_minor": 1000}, amount="0.10")
    for number, amount in enumerate(("0.03", "0.03", "0.04")):
        reverse(amount=amount, reversal_id=f"r-{number}")
    assert (fresh(reward)[0], Referral.objects.get().stage) == ("void", "retracted")
    assert (accounts(), standing()) == ({}, (0, 0, 0))


def test_a_whole_refund_before_payment_cancels_the_reward_and_gives_its_budget_back():
    reward = sold(budget_minor=2000)
    reverse()
    assert (fresh(reward)[0], reward.holds_budget, PendingReason.objects.count()) == ("void", False, 0)
    referral = Referral.objects.get()
    assert (referral.stage, referral.friend_number, accounts()) == ("retracted", 1, {})


def test_another_sale_that_stands_keeps_the_friend_a_customer():
    reward = sold()
    record_sale(
        program=reward.program, source="api", external_id="order-2", friend_email="friend@example.com",
        amount="5", currency="GBP",
    )  # fmt: skip
    reverse()
    assert Referral.objects.get().stage == "qualified"
    reverse(order="order-2")
    assert Referral.objects.get().stage == "retracted"


def test_a_refund_after_payment_is_taken_back_in_the_ledger_and_the_reward_stays_as_it_was(paid_at_once):
    reward = sold(AT_ONCE)
    pay(reward)
    reverse(amount="25")
    assert fresh(reward) == ("issued", 2000, 500)
    assert accounts() == {"reward_expense": 1500, "provider_cash": -2000, "clawback_receivable": 500}
    assert standing() == (1, 0, 1500)
    reverse(reversal_id="r-2")
    assert fresh(reward) == ("clawed_back", 2000, 2000)
    assert accounts() == {"provider_cash": -2000, "clawback_receivable": 2000}
    assert standing() == (0, 0, 0)


def test_a_refund_on_the_way_is_taken_back_once_it_arrives(paid_at_once):
    reward = sold(AT_ONCE)
    begin_to_send()
    reverse()
    assert (fresh(reward), standing()) == (("reserved", 2000, 2000), (0, 0, 0))
    pay(reward)
    assert (fresh(reward), standing()) == (("clawed_back", 2000, 2000), (0, 0, 0))
    assert accounts() == {"provider_cash": -2000, "clawback_receivable": 2000}


@pytest.mark.parametrize(
    ("amount", "left", "books"),
    [
        ("25", ("pending", 1500, 0), {"reward_expense": 1500, "rewards_pending": -1500}),
        (None, ("void", 2000, 0), {}),
    ],
)
def test_a_refund_on_the_way_makes_the_reward_smaller_when_the_payout_fails(monkeypatch, amount, left, books):
    monkeypatch.setattr(ManualProvider, "send", lambda self, request: PayoutResult(Outcome.FAILED_FINAL))
    reward = sold(AT_ONCE)
    begin_to_send()
    reverse(amount=amount)
    pay(reward)
    assert (fresh(reward), accounts()) == (left, books)
    assert standing()[1:] == (1500 if amount else 0, 0)


def test_a_reward_that_a_failed_payout_made_smaller_goes_with_the_rest_of_the_sale(monkeypatch):
    monkeypatch.setattr(ManualProvider, "send", lambda self, request: PayoutResult(Outcome.FAILED_FINAL))
    reward = sold(AT_ONCE)
    begin_to_send()
    reverse(amount="25")
    pay(reward)
    reverse(reversal_id="r-2")
    assert (fresh(reward)[0], accounts(), standing()) == ("void", {}, (0, 0, 0))


def test_a_dispute_takes_and_a_won_dispute_before_payment_brings_back_what_still_has_to_be_waited_for():
    with time_machine.travel(timezone.now(), tick=False):
        reward = sold()
    until = PendingReason.objects.get(reason="hold").until
    reverse("dispute", reversal_id="d-1")
    assert (fresh(reward)[0], Referral.objects.get().stage) == ("void", "retracted")
    reverse("dispute_won", reversal_id="d-1")
    referral = Referral.objects.get()
    assert (fresh(reward), referral.stage, referral.friend_number) == (("pending", 2000, 0), "qualified", 1)
    assert list(PendingReason.objects.values_list("reason", "until")) == [("hold", until), ("approval", None)]
    assert accounts() == {"reward_expense": 2000, "rewards_pending": -2000}
    assert (Sale.objects.get().reversed_minor, standing()) == (0, (1, 2000, 0))


def test_a_reward_that_came_back_is_approved_and_paid_like_any_other(paid_at_once):
    staff = get_user_model().objects.create_user("staff")
    reward = sold()
    approve_reward(reward=reward, actor=staff)
    reverse("dispute", reversal_id="d-1")
    reverse("dispute_won", reversal_id="d-1")
    reward.refresh_from_db()
    approve_reward(reward=reward, actor=staff)
    release_hold(reward=reward, actor=staff, note="Won")
    pay(reward)
    assert fresh(reward) == ("issued", 2000, 0)
    assert accounts() == {"reward_expense": 2000, "provider_cash": -2000}


def test_a_partly_won_dispute_and_a_refund_leave_the_rest():
    reward = sold()
    reverse("dispute", amount="60", reversal_id="d-1")
    assert fresh(reward) == ("pending", 800, 0)
    reverse(amount="40")
    assert fresh(reward)[0] == "void"
    reverse("dispute_won", amount="30", reversal_id="d-1")
    assert fresh(reward) == ("pending", 600, 0)
    assert accounts() == {"reward_expense": 600, "rewards_pending": -600}


def test_a_dispute_won_after_payment_gives_back_what_it_had_taken(paid_at_once):
    reward = sold(AT_ONCE)
    pay(reward)
    reverse("dispute", reversal_id="d-1")
    assert fresh(reward) == ("clawed_back", 2000, 2000)
    reverse("dispute_won", reversal_id="d-1")
    assert (fresh(reward), standing()) == (("issued", 2000, 0), (1, 0, 2000))
    assert accounts() == {"reward_expense": 2000, "provider_cash": -2000}


def test_a_won_dispute_finds_the_budget_taken_and_the_reward_waits_for_it():
    reward = sold(budget_minor=2000)
    reverse("dispute", reversal_id="d-1")
    make_referral(reward.program, email="second@example.com", link=Referral.objects.get().link)
    sale = {"source": "api", "external_id": "order-2", "friend_email": "second@example.com"}
    record_sale(program=reward.program, amount="9", currency="GBP", **sale)
    reverse("dispute_won", reversal_id="d-1")
    assert (fresh(reward)[0], reward.holds_budget) == ("pending", False)
    assert set(reward.pending_reasons.values_list("reason", flat=True)) == {"hold", "approval", "budget"}


def test_what_something_else_cancelled_stays_cancelled():
    reward = sold()
    move_reward(reward=reward, to="void", reason="blocked")
    reverse("dispute", reversal_id="d-1")
    assert reverse("dispute_won", reversal_id="d-1").rewards == []
    assert fresh(reward)[0] == "void"


def test_a_won_dispute_of_a_blocked_referral_brings_nothing_back():
    reward = sold()
    reverse("dispute", reversal_id="d-1")
    referral = Referral.objects.get()
    set_review(referral=referral, to="flagged", reason="velocity")
    review_referral(
        referral=referral, approve=False, note="One person", actor=get_user_model().objects.create_user("s")
    )
    reverse("dispute_won", reversal_id="d-1")
    assert (fresh(reward)[0], accounts()) == ("void", {})


def test_a_won_dispute_of_a_referral_that_is_flagged_by_now_waits_for_the_review():
    reward = sold()
    reverse("dispute", reversal_id="d-1")
    set_review(referral=Referral.objects.get(), to="flagged", reason="velocity")
    reverse("dispute_won", reversal_id="d-1")
    assert set(reward.pending_reasons.values_list("reason", flat=True)) == {"hold", "approval", "review"}


def test_an_expired_reward_is_left_alone():
    reward = sold()
    Reward.objects.update(state="expired")
    assert reverse().rewards == []
    assert fresh(reward)[0] == "expired"


def test_delivered_twice_it_counts_once():
    reward = sold()
    first, second = reverse(amount="25"), reverse(amount="25.00")
    assert (second.reversal, second.created, second.rewards) == (first.reversal, False, [])
    assert reverse().reversal == first.reversal
    assert (SaleReversal.objects.count(), fresh(reward)) == (1, ("pending", 1500, 0))


def test_one_id_may_be_a_refund_and_a_dispute():
    sold()
    reverse(amount="1")
    reverse("dispute", amount="1")
    assert Sale.objects.get().reversed_minor == 200


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"amount": "26"}, "conflict", "reversalId"),
        ({"amount": "75.01", "reversal_id": "r-2"}, "too_much", "amount"),
        ({"kind": "dispute", "amount": "100.01", "reversal_id": "d-2"}, "too_much", "amount"),
        ({"amount": "0", "reversal_id": "r-2"}, "invalid_amount", "amount"),
        ({"amount": "1.001", "reversal_id": "r-2"}, "too_many_decimals", "amount"),
        ({"amount": "NaN", "reversal_id": "r-2"}, "invalid_amount", "amount"),
        ({"kind": "refunded"}, "invalid_kind", "kind"),
        ({"kind": "dispute_won", "reversal_id": "d-9"}, "no_dispute", "reversalId"),
        ({"reversal_id": ""}, "required", "reversalId"),
        ({"reversal_id": "a\x00"}, "invalid_text", "reversalId"),
        ({"reversal_id": "r" * 121}, "too_long", "reversalId"),
        ({"order": "order-9"}, "no_sale", "externalId"),
        ({"source": "staff"}, "no_sale", "externalId"),
        ({"reversal_id": "r-2", "occurred_at": timezone.now() + timedelta(hours=1)}, "in_future", "occurredAt"),
        ({"reversal_id": "r-2", "occurred_at": datetime(1, 1, 1, tzinfo=TOKYO)}, "out_of_range", "occurredAt"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(given, code, path):
    reward = sold()
    reverse(amount="25")
    before = (fresh(reward), accounts(), SaleReversal.objects.count(), Sale.objects.get().reversed_minor)
    with pytest.raises(DomainError) as refused:
        reverse(**given)
    assert (refused.value.code, refused.value.path) == (code, (path,))
    assert (fresh(reward), accounts(), SaleReversal.objects.count(), Sale.objects.get().reversed_minor) == before


def test_nothing_is_left_to_reverse_twice():
    sold()
    reverse()
    with pytest.raises(DomainError) as refused:
        reverse("dispute", reversal_id="d-1")
    assert refused.value.code == "too_much"


def test_a_won_dispute_gives_back_no_more_than_it_took():
    sold()
    reverse(amount="50")
    reverse("dispute", amount="20", reversal_id="d-1")
    with pytest.raises(DomainError) as refused:
        reverse("dispute_won", amount="20.01", reversal_id="d-1")
    assert (refused.value.code, Sale.objects.get().reversed_minor) == ("too_much", 7000)


def test_a_sale_of_another_programme_is_not_found():
    sold()
    other = make_program(slug="other")
    make_link(other)
    with pytest.raises(DomainError) as refused:
        reverse(program=other)
    assert (refused.value.code, SaleReversal.objects.count()) == ("no_sale", 0)


def test_a_paused_or_ended_programme_still_takes_refunds():
    reward = sold()
    Program.objects.update(status="paused")
    reverse()
    assert fresh(reward)[0] == "void"


def test_queries_do_not_grow_with_history(django_assert_num_queries):
    reward = sold({**GIFT, "sale_to": None})
    with CaptureQueriesContext(connection) as few:
        reverse(amount="1", reversal_id="first")
    for number in range(2, 7):
        sell(reward.program, number)
        reverse(order=f"order-{number}", amount="2")
        reverse(amount="1", reversal_id=f"more-{number}")
    with django_assert_num_queries(len(few)):
        reverse(amount="1", reversal_id="last")


def test_a_hold_that_is_over_meanwhile_is_not_waited_for_again():
    reward = sold({**GIFT, "hold_days": 7})
    reverse("dispute", reversal_id="d-1")
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        reverse("dispute_won", reversal_id="d-1")
    assert list(reward.pending_reasons.values_list("reason", flat=True)) == ["approval"]


def test_a_dispute_over_the_whole_charge_after_a_partial_refund_takes_the_rest_and_gives_it_back_when_won():
    reward = sold()
    reverse(amount="30")
    dispute = reverse("dispute", amount="100", reversal_id="d-1")
    assert (dispute.reversal.amount_minor, Sale.objects.get().reversed_minor) == (10000, 10000)
    assert (fresh(reward)[0], Referral.objects.get().stage) == ("void", "retracted")
    reverse("dispute_won", reversal_id="d-1")
    assert (fresh(reward), Sale.objects.get().reversed_minor) == (("pending", 1400, 0), 3000)
    assert accounts() == {"reward_expense": 1400, "rewards_pending": -1400}


@pytest.mark.parametrize(("amount", "left"), [("20", ("pending", 1600, 0)), (None, ("void", 2000, 0))])
def test_a_refund_while_the_whole_sale_is_disputed_stays_when_the_dispute_is_won(amount, left):
    reward = sold()
    reverse("dispute", reversal_id="d-1")
    assert reverse(amount=amount).rewards == []
    reverse("dispute_won", reversal_id="d-1")
    assert fresh(reward) == left


def test_two_disputes_over_the_whole_charge_take_it_once():
    reward = sold(AT_ONCE)
    begin_to_send()
    reverse("dispute", amount="100", reversal_id="d-1")
    assert reverse("dispute", amount="100", reversal_id="d-2").rewards == []
    assert reverse("dispute_won", reversal_id="d-1").rewards == []
    reverse("dispute_won", amount="60", reversal_id="d-2")
    assert (fresh(reward), Sale.objects.get().reversed_minor) == (("reserved", 2000, 800), 4000)
