"""A refund after the payout: what is owed is exact, netted from the next payout or taken back through the provider."""

import pytest

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.pay_reward import draft_payout, release_payout
from referral_blocks.flows.reverse_payout import (
    carry_out_reversal,
    resolve_reversal,
    resume_reversals,
    reverse_payout,
)
from referral_blocks.ledger.selectors import balances
from referral_blocks.payouts.models import Payout, PayoutReversal
from referral_blocks.payouts.reversals import left_to_reverse
from referral_blocks.programs.models import PayoutMode
from referral_blocks.rewards.models import Reward
from tests.at_once import at_once
from tests.paying import CASH, another, books_agree, confirmed, later, work
from tests.payout_fake import register
from tests.reversals import begin_to_send, reverse, sell, sold

pytestmark = pytest.mark.django_db


def owed():
    return accounts().get("clawback_receivable", 0)


def accounts():
    now = balances(program_id=Payout.objects.first().program_id)
    return {account: minor for (account, _c), minor in now.items() if minor}


def paid_and_refunded(amount="40"):
    payout = confirmed()
    work()
    reverse(amount=amount)
    payout.refresh_from_db()
    return payout


def back(payout, staff, **given):
    return reverse_payout(payout=payout, note="The customer returned it", actor=staff, **given)


def test_partial_twice_then_a_dispute_won_nets_to_the_penny(shop):
    """£20 for each of three sales of £100; the first goes back bit by bit, and a part of it comes again."""
    first = confirmed()
    work()
    reverse(amount="12.34", reversal_id="r-1")  # 20 × 87.66 % = 17.53
    assert owed() == 247
    reverse(amount="20", reversal_id="r-2")  # 20 × 67.66 % = 13.53
    assert owed() == 647
    reverse("dispute", amount="30.01", reversal_id="d-1")  # 20 × 37.65 % = 7.53
    assert (owed(), books_agree()) == (1247, True)
    second = another(2)
    assert (second.amount_minor, owed()) == (2000 - 1247, 0)
    work()
    reverse("dispute_won", reversal_id="d-1")  # 13.53 again: we owe 6.00
    assert (owed(), books_agree()) == (-600, True)
    third = another(3)
    assert (third.amount_minor, owed()) == (2600, 0)
    work()
    paid = sum(shop.order(p.public_id).amount.amount_minor for p in (first, second, third))
    assert paid == 1353 + 2000 + 2000  # what the sales are worth, and not a penny else
    assert (accounts(), books_agree()) == ({"reward_expense": 5353, "provider_cash": -5353}, True)


def test_the_debt_is_netted_from_a_payout_of_several_rewards(shop):
    program = sold(CASH, payout_mode=PayoutMode.RUNS).program
    sell(program, 2)
    sell(program, 3)
    one, two, three = Reward.objects.order_by("pk")
    assert not Payout.objects.exists()
    release_payout(payout=draft_payout(rewards=[one]), actor=None)
    work()
    reverse(amount="100", order="order-1")
    assert owed() == 2000
    both = draft_payout(rewards=list(Reward.objects.filter(pk__in=[two.pk, three.pk]).order_by("pk")))
    assert (both.amount_minor, owed()) == (2000, 0)
    release_payout(payout=both, actor=None)
    begin_to_send()
    reverse(amount="50", order="order-2", reversal_id="r-2")  # while it is on its way
    work()
    assert (shop.order(both.public_id).amount.amount_minor, owed(), books_agree()) == (2000, 1000, True)
    reverse(amount="50", order="order-2", reversal_id="r-3")
    reverse("dispute", order="order-3", reversal_id="d-3")
    assert (owed(), books_agree()) == (4000, True)
    reverse("dispute_won", order="order-3", reversal_id="d-3")
    assert (owed(), books_agree()) == (2000, True)


def test_a_payout_of_several_rewards_that_comes_back_owes_what_it_had_netted(shop):
    program = sold(CASH, payout_mode=PayoutMode.RUNS).program
    sell(program, 2)
    sell(program, 3)
    one, two, three = Reward.objects.order_by("pk")
    release_payout(payout=draft_payout(rewards=[one]), actor=None)
    work()
    reverse(amount="40", order="order-1")
    both = draft_payout(rewards=[two, three])
    release_payout(payout=both, actor=None)
    shop.faults = ["final"]
    work()
    assert (owed(), accounts()["rewards_pending"], books_agree()) == (800, -4000, True)


def test_staff_take_back_what_is_owed_through_the_provider(shop, staff):
    payout = paid_and_refunded()
    reversal = back(payout, staff)
    assert (reversal.amount_minor, accounts()) == (
        800, {"reward_expense": 1200, "provider_cash": -2000, "in_transit": 800},
    )  # fmt: skip
    assert books_agree()
    assert work() == 1
    payout.refresh_from_db()
    reversal.refresh_from_db()
    assert (reversal.outcome, payout.state, payout.reversed_minor, shop.order(payout.public_id).reversed_minor) == (
        "paid", "paid", 800, 800,
    )  # fmt: skip
    assert (accounts(), books_agree()) == ({"reward_expense": 1200, "provider_cash": -1200}, True)
    assert carry_out_reversal(reversal_id=reversal.pk) is None
    assert another().amount_minor == 2000  # nothing is netted twice


def test_in_parts_and_never_more_than_is_owed_or_was_paid(shop, staff):
    payout = paid_and_refunded()
    with pytest.raises(DomainError) as refused:
        back(payout, staff, amount_minor=801)
    assert (refused.value.code, refused.value.path, PayoutReversal.objects.count()) == ("too_much", ("amount",), 0)
    back(payout, staff, amount_minor=300)
    with pytest.raises(DomainError):
        back(payout, staff, amount_minor=100)  # one at a time
    work()
    back(payout, staff, amount_minor=500)
    work()
    with pytest.raises(DomainError):
        back(payout, staff)
    payout.refresh_from_db()
    assert (payout.reversed_minor, left_to_reverse(payout=payout), owed(), books_agree()) == (800, 1200, 0, True)


def test_what_is_not_owed_is_not_taken(shop, staff):
    payout = confirmed()
    work()
    payout.refresh_from_db()
    with pytest.raises(DomainError):
        back(payout, staff)
    assert (PayoutReversal.objects.count(), work()) == (0, 0)


def test_a_provider_that_cannot_is_not_asked(settings, staff):
    register(settings, reverse=False)
    payout = paid_and_refunded()
    with pytest.raises(DomainError):
        back(payout, staff)
    assert (PayoutReversal.objects.count(), owed()) == (0, 800)


def test_what_the_provider_refuses_is_owed_again(shop, staff):
    payout = paid_and_refunded()
    reversal = back(payout, staff)
    shop.faults = ["final"]
    work()
    reversal.refresh_from_db()
    assert (reversal.outcome, owed(), books_agree()) == ("failed_final", 800, True)
    assert another().amount_minor == 1200


@pytest.mark.parametrize("fault", ["drop", "lost"])
def test_a_lost_answer_is_asked_again_with_the_same_key(shop, staff, fault):
    payout = paid_and_refunded()
    reversal = back(payout, staff)
    shop.faults = [fault]
    work()
    reversal.refresh_from_db()
    assert (reversal.outcome, resume_reversals()) == ("unknown", 0)
    with later(minutes=20):
        assert resume_reversals() == 1
        work()
    reversal.refresh_from_db()
    assert (reversal.outcome, shop.order(payout.public_id).reversed_minor, books_agree()) == ("paid", 800, True)


def test_beyond_the_window_it_waits_for_a_person(shop, staff, caplog):
    payout = paid_and_refunded()
    reversal = back(payout, staff)
    shop.faults = ["lost"]
    work()
    with later(hours=30):
        assert (resume_reversals(), carry_out_reversal(reversal_id=reversal.pk)) == (0, None)
        assert (resume_reversals(), caplog.text.count("a person has to ask")) == (0, 1)
    assert resolve_reversal(reversal=reversal, came=False, note="Not in their books", actor=staff)
    assert not resolve_reversal(reversal=reversal, came=True, note="Again", actor=staff)
    assert (owed(), books_agree(), reversal.outcome) == (800, True, "failed_final")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_back_once_and_net_once(shop, staff):
    payout = paid_and_refunded()

    def one(n):
        try:
            return back(payout, staff).pk if n % 2 else another(10 + n).pk
        except DomainError:
            return None

    at_once(one, threads=6)
    work()
    pks = PayoutReversal.objects.values_list("pk", flat=True)
    at_once(lambda n: [carry_out_reversal(reversal_id=pk) for pk in pks], threads=4)
    assert (owed(), books_agree()) == (0, True)
    reversed_ = sum(PayoutReversal.objects.values_list("amount_minor", flat=True))
    netted = sum(2000 - p.amount_minor for p in Payout.objects.all())
    assert reversed_ + netted == 800
    assert len(pks) <= 1
