"""A friend is blocked, comes under review, or leaves while a try is under way: what fails then is not paid anew."""

import pytest

from referral_blocks.activity.models import Activity
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.cancel_payout_run import cancel_payout_run
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.confirm_payout_run import carry_out_payout_run
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.policy import SentCounter
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.paying import later
from tests.payout_fake import new_shop
from tests.runs import GIFT, buy, confirm, friend_of, payouts, plan, providers, runs_program, send_all, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers()
    return new_shop()


@pytest.fixture
def program():
    return runs_program()


@pytest.fixture
def run(program, shop):
    """£40 for two friends of Ana's and £20 for Ben, each tried once without an answer that decides."""
    friends = [friend_of(program, "ana"), friend_of(program, "ben")]
    for number, friend in enumerate((friends[0], *friends)):
        buy(friend, str(number))
    run = plan(program)
    shop.faults = ["retry", "retry"]
    assert (confirm(run), send_all()) == (True, ["failed_retryable"] * 2)
    return run


def doubt(blocked):
    """About Ana's friend."""
    friend = Referral.objects.earliest("pk")
    set_review(referral=friend, to="flagged", reason="person")
    if blocked:
        review_referral(referral=friend, approve=False, note="The same person", actor=staff())
    assert rewards() == [("reserved", [])] * 3  # on their way


def rewards():
    """State and what it waits for, of each."""
    return [
        (reward.state, sorted(reward.pending_reasons.values_list("reason", flat=True)))
        for reward in Reward.objects.order_by("pk")
    ]


@pytest.mark.parametrize(
    ("blocked", "anas"), [(True, ("void", [])), (False, ("pending", ["review"]))], ids=["blocked", "flagged"]
)
class TestATryHasFailedForCertain:
    def test_what_a_cancelled_run_calls_back_is_not_for_the_next_run(self, run, program, shop, blocked, anas):
        doubt(blocked)
        with later(hours=1):
            shop.faults = ["not_now"]
            assert send_all() == ["not_now", None]
            cancel_payout_run(run=run, actor=staff(), note="Wrong month")
            assert carry_out_payout_run(run_id=run.pk) == 1
            assert rewards() == [anas, anas, ("reserved", [])]
            with pytest.raises(NotPossibleNow):
                plan(program)
        assert (payouts(run)[0], check_ledger(), shop.orders) == (("Ana", 4000, "failed_final"), [], [])

    def test_it_is_not_sent_again_under_a_new_key(self, run, program, shop, blocked, anas):
        doubt(blocked)
        with later(hours=1):
            shop.faults = ["not_now"]
            assert send_all() == ["not_now", None]
        with later(hours=2):
            assert send_all() == [None, "paid"]
        assert payouts(run) == [("Ana", 4000, "failed_final"), ("Ben", 2000, "paid")]
        assert rewards() == [anas, anas, ("issued", [])]
        assert Activity.objects.filter(kind="payout.cancelled").count() == 1
        assert (check_ledger(), len(shop.orders)) == ([], 1)
        # The room of the day is Ben's alone.
        assert sorted(SentCounter.objects.values_list("amount_minor", flat=True)) == [0, 2000, 2000]


def test_what_failed_for_good_waits_for_the_review_as_well(run, shop):
    doubt(blocked=False)
    with later(hours=1):
        shop.faults = ["final"]
        assert send_all() == ["failed_final", "paid"]
    waits = ("pending", ["provider_error", "review"])
    assert rewards() == [waits, waits, ("issued", [])]
    reward = Reward.objects.earliest("pk")
    assert approve_reward(reward=reward, actor=staff())
    assert (rewards()[0], Payout.objects.count()) == (("pending", ["review"]), 2)
    review_referral(referral=Referral.objects.earliest("pk"), approve=True, note="Called them", actor=staff())
    assert (rewards()[0], check_ledger()) == (("approved", []), [])


def test_a_try_that_may_have_arrived_goes_on_whatever_is_found_out(run, shop):
    doubt(blocked=True)
    with later(hours=1):
        assert send_all() == ["paid"] * 2
    assert (rewards(), check_ledger()) == ([("issued", [])] * 3, [])
    with pytest.raises(NotPossibleNow):
        cancel_payout_run(run=run, actor=staff(), note="Too late")


@pytest.mark.parametrize("called_back", [True, False])
def test_what_is_owed_for_a_friend_who_left_meanwhile_is_cancelled(shop, called_back):
    program = runs_program({**GIFT, "trigger": "sign_up"})
    friends = [friend_of(program, name) for name in ("ana", "ben")]
    run = plan(program)
    shop.faults = ["retry", "retry"]
    assert (confirm(run), send_all()) == (True, ["failed_retryable"] * 2)
    assert withdraw_referral(referral=friends[0], reason="They asked", actor=staff())
    assert rewards() == [("reserved", [])] * 2
    with later(hours=1):
        shop.faults = ["not_now"]
        assert send_all() == ["not_now", None]
        if called_back:
            cancel_payout_run(run=run, actor=staff(), note="Wrong month")
            carry_out_payout_run(run_id=run.pk)
    with later(hours=2):
        assert send_all() == (["paid"] if called_back else [None, "paid"])
    assert rewards() == [("void", []), ("issued", [])]
    assert Reward.objects.earliest("pk").changes.latest("pk").reason == "withdrawn"
    assert (check_ledger(), len(shop.orders)) == ([], 1)
