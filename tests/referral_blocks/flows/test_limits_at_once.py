"""Many sales at one moment: never a penny over a budget, a cap or a stock, and no circle of waiting."""

from threading import Event
from time import sleep

import pytest
from django.db import transaction

from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.release_waiting import release_waiting
from referral_blocks.flows.void_reward import void_reward
from referral_blocks.payouts.models import Payout
from referral_blocks.programs.models import Program
from referral_blocks.rewards.limits import spent
from referral_blocks.rewards.models import Reward, RewardRule, SpendCounter
from tests.at_once import at_once
from tests.limits import FIVER, all_waiting, buy, prepare, states

MANY = 50


FIT = 20


@pytest.mark.django_db(transaction=True)
def test_fifty_sales_at_once_never_overspend_a_budget_for_twenty():
    program = prepare(MANY, referrers=10, budget_minor=FIT * 500 + 499)
    at_once(lambda n: buy(program, n), threads=MANY)
    assert states() == {"reserved": FIT, "pending": MANY - FIT}
    assert all_waiting() == [{"budget"}] * (MANY - FIT)
    assert spent(program_id=program.pk) == FIT * 500
    assert Payout.objects.count() == FIT
    assert check_ledger() == []


@pytest.mark.django_db(transaction=True)
def test_fifty_sales_at_once_never_promise_more_than_is_in_stock():
    program = prepare(MANY, referrers=10, rules=[{**FIVER, "stock": FIT}])
    at_once(lambda n: buy(program, n), threads=MANY)
    assert states() == {"reserved": FIT, "pending": MANY - FIT}
    assert all_waiting() == [{"stock"}] * (MANY - FIT)
    assert RewardRule.objects.get().stock == 0
    assert spent(program_id=program.pk) == FIT * 500


@pytest.mark.django_db(transaction=True)
def test_fifty_sales_at_once_never_pass_one_referrers_cap():
    program = prepare(MANY, referrer_cap_minor=FIT * 500, referrer_cap_period="month")
    at_once(lambda n: buy(program, n), threads=MANY)
    assert states() == {"reserved": FIT, "pending": MANY - FIT}
    assert all_waiting() == [{"cap"}] * (MANY - FIT)
    assert check_ledger() == []


@pytest.mark.django_db(transaction=True)
def test_sales_with_rewards_for_both_sides_never_wait_for_each_other_in_a_circle():
    small = {**FIVER, "side": "friend", "stock": 30}
    only_friend = {**small, "title": "Again", "sale_from": 2, "sale_to": None}
    program = prepare(12, referrers=4, rules=[{**FIVER, "stock": 30}, small, only_friend], budget_minor=10**6)
    for n in range(6):
        buy(program, n)

    def work(n: int) -> None:
        if n < 6:
            record_sale(program=program, source="api", external_id=f"again{n}", friend_email=f"friend{n}@example.com",
                        amount="10", currency="GBP")  # fmt: skip
        else:
            buy(program, n)

    at_once(work, threads=12)
    assert Reward.objects.count() == 30
    assert check_ledger() == []


@pytest.mark.django_db(transaction=True)
def test_voids_sales_and_releases_at_once_leave_every_counter_right():
    program = prepare(24, referrers=3, rules=[{**FIVER, "hold_days": 14}], budget_minor=12 * 500)
    for n in range(12):
        buy(program, n)
    rewards = list(Reward.objects.order_by("pk"))

    def work(n: int) -> None:
        if n % 3 == 0:
            void_reward(reward=rewards[n % 12], reason="test")
        elif n % 3 == 1:
            buy(program, 12 + n // 3)
        else:
            release_waiting(program=program)

    at_once(work, threads=24)
    release_waiting(program=program)
    held = Reward.objects.filter(holds_budget=True).count()
    assert spent(program_id=program.pk) == held * 500 <= 12 * 500
    assert check_ledger() == []


@pytest.mark.django_db(transaction=True)
def test_a_sale_that_waited_for_the_budget_sees_it_as_it_is_by_then():
    program = prepare(2, budget_minor=1000)
    buy(program, 0)
    held = Event()

    def work(number: int) -> None:
        if number:
            held.wait(30)
            buy(program, 1)
            return
        with transaction.atomic():
            SpendCounter.objects.select_for_update().get(program=program, key="budget")
            Program.objects.update(budget_minor=500)
            held.set()
            sleep(0.5)

    at_once(work, threads=2)
    assert (states(), all_waiting()) == ({"reserved": 1, "pending": 1}, [{"budget"}])
    assert (spent(program_id=program.pk), check_ledger()) == (500, [])
