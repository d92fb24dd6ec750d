"""Budget, cap and stock: never a penny over, and what is freed goes to whoever has waited longest."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from referral_blocks import signals
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.queue import waiting_count
from referral_blocks.flows import release_waiting as release_module
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.expire_rewards import expire_rewards
from referral_blocks.flows.mature_rewards import mature_rewards
from referral_blocks.flows.preview_rewards import SaleInput, preview_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.release_waiting import release_all_waiting, release_waiting
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.void_reward import void_reward, void_rewards
from referral_blocks.ledger.selectors import balances
from referral_blocks.payouts.models import Payout
from referral_blocks.programs.models import Program
from referral_blocks.rewards.limits import spent
from referral_blocks.rewards.models import Reward, RewardRule, SpendCounter
from referral_blocks.rewards.selectors import LowStock, low_stock
from tests.limits import FIVER, all_waiting, buy, prepare, states, waits


@pytest.mark.django_db
def test_a_raised_budget_lets_in_the_oldest_first():
    program = prepare(4, budget_minor=1000)
    rewards = [buy(program, n).rewards[0] for n in range(4)]
    Program.objects.filter(pk=program.pk).update(budget_minor=1500)
    assert (release_waiting(program=program), release_waiting(program=program)) == (1, 0)
    assert [Reward.objects.get(pk=r.pk).state for r in rewards] == ["reserved", "reserved", "reserved", "pending"]
    assert spent(program_id=program.pk) == 1500


@pytest.mark.django_db
def test_what_a_cancelled_reward_frees_goes_to_the_oldest_that_waits_and_not_to_a_new_sale():
    program = prepare(4, rules=[{**FIVER, "hold_days": 14}], budget_minor=1000)
    first, _second, third = [buy(program, n).rewards[0] for n in range(3)]
    before = waiting_count()
    assert void_reward(reward=first, reason="test")
    assert waiting_count() == before + 1  # the task that lets in who waits
    fourth = buy(program, 3).rewards[0]
    assert (waits(third), waits(fourth)) == ({"hold", "budget"}, {"hold", "budget"})
    release_waiting(program=program)
    assert (waits(third), waits(fourth)) == ({"hold"}, {"hold", "budget"})


@pytest.mark.django_db
def test_a_reward_that_cannot_be_let_in_does_not_keep_its_turn_for_ever(monkeypatch):
    program = prepare(5, budget_minor=500)
    _paid, faulty, second = [buy(program, n).rewards[0] for n in range(3)]
    real = release_module.retry_limits

    def breaks(*, reward):
        if reward.pk == faulty.pk:
            raise RuntimeError("its provider is gone")
        return real(reward=reward)

    monkeypatch.setattr(release_module, "retry_limits", breaks)
    Program.objects.update(budget_minor=1500)
    assert release_waiting(program=program) == 1
    assert (waits(faulty), waits(second), spent(program_id=program.pk)) == ({"budget"}, set(), 1000)
    # There is room for one, and the faulty one's turn is over: a new sale need not wait.
    assert [w.reason for w in previewed(program, 3).waits] == []
    assert waits(buy(program, 3).rewards[0]) == set()
    Program.objects.update(budget_minor=2000)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        # It is its turn again; once what was wrong is mended, it is let in first.
        assert waits(buy(program, 4).rewards[0]) == {"budget"}
        assert release_waiting(program=program) == 1
        Program.objects.update(budget_minor=2500)
    with time_machine.travel(timezone.now() + timedelta(minutes=123)):
        monkeypatch.setattr(release_module, "retry_limits", real)
        assert (release_waiting(program=program), waits(faulty)) == (1, set())
    assert check_ledger() == []


@pytest.mark.django_db
def test_a_hundred_faulty_ones_keep_nobody_out(monkeypatch):
    monkeypatch.setattr(release_module, "BATCH", 2)
    program = prepare(4, budget_minor=0)
    rewards = [buy(program, n).rewards[0] for n in range(4)]
    real = release_module.retry_limits

    def breaks(*, reward):
        if reward.pk != rewards[3].pk:
            raise RuntimeError("its provider is gone")
        return real(reward=reward)

    monkeypatch.setattr(release_module, "retry_limits", breaks)
    Program.objects.update(budget_minor=10_000)
    assert [release_waiting(program=program) for _ in range(2)] == [0, 1]
    assert all_waiting() == [{"budget"}] * 3


@pytest.mark.django_db
def test_a_reward_that_waits_for_more_than_the_budget_keeps_its_turn():
    """It is let in by the next try and waits on for the rest, so that its turn does not last."""
    program = prepare(3, rules=[{**FIVER, "approval": "person"}], budget_minor=500)
    _first, second = [buy(program, n).rewards[0] for n in range(2)]
    Program.objects.update(budget_minor=1000)
    third = buy(program, 2).rewards[0]
    assert (waits(second), waits(third)) == ({"approval", "budget"}, {"approval", "budget"})
    assert release_waiting(program=program) == 1
    assert (waits(second), waits(third)) == ({"approval"}, {"approval", "budget"})


def previewed(program, number):
    program.refresh_from_db()
    email = f"friend{number}@example.com"
    return preview_rewards(program=program, sale=SaleInput("10"), friend_email=email)[0]


@pytest.mark.django_db
def test_a_smaller_reward_may_pass_one_that_does_not_fit():
    percent = {**FIVER, "kind": "percentage", "amount_minor": 10**4, "options": {"percent": "10"}}
    program = prepare(3, rules=[percent], budget_minor=1000)
    buy(program, 0, "70")
    big, small = buy(program, 1, "90").rewards[0], buy(program, 2, "20").rewards[0]
    assert (waits(big), small.state) == ({"budget"}, "reserved")


@pytest.mark.django_db
def test_a_reward_that_waits_for_one_limit_holds_nothing_of_the_others():
    program = prepare(2, rules=[{**FIVER, "stock": 5}], budget_minor=500, referrer_cap_minor=10_000)
    _first, second = [buy(program, n).rewards[0] for n in range(2)]
    assert (waits(second), second.holds_stock, second.holds_cap, second.holds_budget) == ({"budget"}, False, "", False)
    assert RewardRule.objects.get().stock == 4
    assert SpendCounter.objects.get(key__startswith="cap:").amount_minor == 500


@pytest.mark.django_db
def test_every_limit_without_room_is_named():
    program = prepare(2, rules=[{**FIVER, "stock": 1}], budget_minor=500, referrer_cap_minor=500)
    assert waits(buy(program, 0).rewards[0]) == set()
    assert waits(buy(program, 1).rewards[0]) == {"stock", "cap", "budget"}


@pytest.mark.django_db
def test_a_new_period_makes_room_under_the_cap_and_the_old_periods_counter_is_given_back_to():
    with time_machine.travel(datetime(2026, 11, 10, tzinfo=UTC)):
        rule = {**FIVER, "hold_days": 60}
        program = prepare(2, rules=[rule], referrer_cap_minor=500, referrer_cap_period="month")
        first, second = [buy(program, n).rewards[0] for n in range(2)]
        assert second.pending_reasons.get(reason="cap").until == datetime(2026, 12, 1, tzinfo=UTC)
        assert release_all_waiting() == 0
    with time_machine.travel(datetime(2026, 12, 1, 0, 1, tzinfo=UTC)):
        assert (release_all_waiting(), release_all_waiting()) == (1, 0)
        void_reward(reward=first, reason="test")
    assert dict(SpendCounter.objects.filter(key__startswith="cap:").values_list("key", "amount_minor")) == {
        f"cap:{first.referrer_id}:2026-11": 0,
        f"cap:{second.referrer_id}:2026-12": 500,
    }
    assert check_ledger() == []


@pytest.mark.django_db
def test_a_friends_reward_and_points_do_not_count_for_the_referrers_cap():
    rules = [{**FIVER, "side": "friend"}, {**FIVER, "currency": "PTS", "method": "points"}]
    program = prepare(1, rules=rules, referrer_cap_minor=100)
    assert [waits(r) for r in buy(program, 0).rewards] == [set(), set()]
    assert spent(program_id=program.pk) == 500  # of money only


@pytest.mark.django_db
def test_a_budget_that_is_set_later_starts_from_what_was_promised():
    program = prepare(3)
    buy(program, 0)
    buy(program, 1)
    Program.objects.filter(pk=program.pk).update(budget_minor=1499)
    # The stale programme at hand says “no budget”; the row decides.
    assert waits(buy(program, 2).rewards[0]) == {"budget"}


@pytest.mark.django_db
def test_a_refund_of_a_part_makes_room_for_the_one_that_waits():
    percent = {**FIVER, "kind": "percentage", "amount_minor": 10**4, "options": {"percent": "10"}, "hold_days": 14}
    program = prepare(2, rules=[percent], budget_minor=1000)
    first, second = [buy(program, n, "100").rewards[0] for n in range(2)]
    reverse_sale(program=program, source="api", external_id="0", reversal_id="r", kind="refund", amount="40")
    assert spent(program_id=program.pk) == 600
    Program.objects.filter(pk=program.pk).update(budget_minor=1600)
    assert release_waiting(program=program) == 1
    assert waits(second) == {"hold"}
    assert Reward.objects.get(pk=first.pk).amount_minor == 600


@pytest.mark.django_db
def test_a_reward_that_grows_again_after_a_won_dispute_waits_when_others_have_the_room():
    rule = {**FIVER, "amount_minor": 1000, "hold_days": 14}
    program = prepare(2, rules=[rule, {**rule, "side": "friend", "amount_minor": 400}], budget_minor=1400)
    reward = buy(program, 0, "100").rewards[0]
    dispute = {"program": program, "source": "api", "external_id": "0", "reversal_id": "d"}
    reverse_sale(kind="dispute", amount="50", **dispute)  # 700 are held, 700 are free
    friends = {r.side: r for r in buy(program, 1, "10").rewards}["friend"]
    assert (waits(friends), spent(program_id=program.pk)) == ({"hold"}, 1100)
    reverse_sale(kind="dispute_won", **dispute)
    reward.refresh_from_db()
    assert reward.amount_minor == 1000
    assert spent(program_id=program.pk) <= 1400
    assert check_ledger() == []


@pytest.mark.django_db
def test_cancelling_is_posted_once_and_a_reward_on_its_way_is_not_cancelled():
    program = prepare(2, rules=[{**FIVER, "hold_days": 14}])
    reward = buy(program, 0).rewards[0]
    assert (void_reward(reward=reward, reason="test"), void_reward(reward=reward, reason="test")) == (True, False)
    assert {k: v for k, v in balances(program_id=program.pk).items() if v} == {}
    RewardRule.objects.update(hold_days=0)
    sent = buy(program, 1).rewards[0]
    assert sent.state == "reserved"
    with pytest.raises(NotPossibleNow):
        void_reward(reward=sent, reason="test")
    assert void_rewards(rewards=[reward, sent], reason="test") == 0
    assert Reward.objects.get(pk=sent.pk).state == "reserved"


@pytest.mark.django_db
def test_a_reward_expires_once_and_its_budget_is_free_again():
    program = prepare(1, rules=[{**FIVER, "approval": "person", "expires_days": 30}], budget_minor=500)
    reward = buy(program, 0).rewards[0]
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert expire_rewards() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert (expire_rewards(), expire_rewards()) == (1, 0)
    reward.refresh_from_db()
    assert (reward.state, waits(reward), spent(program_id=program.pk)) == ("expired", set(), 0)
    assert {k: v for k, v in balances(program_id=program.pk).items() if v} == {}
    assert check_ledger() == []


@pytest.mark.django_db
def test_a_reward_on_its_way_does_not_expire():
    program = prepare(1, rules=[{**FIVER, "expires_days": 1}])
    buy(program, 0)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert expire_rewards() == 0
    assert states() == {"reserved": 1}


@pytest.mark.django_db
def test_the_host_is_told_when_stock_runs_low_and_when_it_is_gone(django_capture_on_commit_callbacks):
    told = []

    def hear(sender, rule, left, **_more):
        told.append((rule.title, left))

    signals.stock_low.connect(hear)
    try:
        program = prepare(5, rules=[{**FIVER, "stock": 4, "low_stock_at": 2}], budget_minor=10**6)
        for n in range(5):
            with django_capture_on_commit_callbacks(execute=True):
                buy(program, n)
    finally:
        signals.stock_low.disconnect(hear)
    assert told == [("£5", 2), ("£5", 0)]
    rule = RewardRule.objects.get()
    assert low_stock(program=program) == [LowStock("£5", 0, 2, rule_id=rule.pk)]


@pytest.mark.django_db
def test_stock_that_is_taken_and_given_back_because_of_the_budget_warns_nobody(django_capture_on_commit_callbacks):
    told = []

    def hear(sender, **payload):
        told.append(payload)

    signals.stock_low.connect(hear)
    try:
        program = prepare(1, rules=[{**FIVER, "stock": 3, "low_stock_at": 2}], budget_minor=0)
        with django_capture_on_commit_callbacks(execute=True):
            buy(program, 0)
            release_waiting(program=program)
    finally:
        signals.stock_low.disconnect(hear)
    assert told == []


@pytest.mark.django_db
def test_a_long_queue_costs_no_more_queries_while_there_is_no_room():
    program = prepare(12, budget_minor=500)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert release_waiting(program=program) == 0
        return len(queries)

    for n in range(3):
        buy(program, n)
    few = cost()
    for n in range(3, 12):
        buy(program, n)
    assert cost() == few


@pytest.mark.django_db
@pytest.mark.parametrize("tasks", [(mature_rewards, expire_rewards), (expire_rewards, mature_rewards)])
def test_a_reward_past_its_date_expires_whichever_task_comes_first(tasks):
    program = prepare(1, rules=[{**FIVER, "hold_days": 14, "expires_days": 10}])
    buy(program, 0)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        for task in tasks:
            task()
    assert (states(), Payout.objects.count(), check_ledger()) == ({"expired": 1}, 0, [])


@pytest.mark.django_db
def test_a_reward_that_is_promised_past_its_date_is_not_paid():
    program = prepare(1, rules=[{**FIVER, "expires_days": 1}])
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        record_sale(
            program=program, source="api", external_id="late", friend_email="friend0@example.com", amount="10",
            currency="GBP", occurred_at=timezone.now() - timedelta(days=10),
        )  # fmt: skip
        assert (states(), Payout.objects.count()) == ({"pending": 1}, 0)
        assert expire_rewards() == 1
    assert (spent(program_id=program.pk), check_ledger()) == (0, [])
