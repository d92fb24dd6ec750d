"""Caps, runs and switches under many hands at once, on whichever database the run uses."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db.models import Sum

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.confirm_payout_run import (
    carry_out_payout_run,
    confirm_payout_run,
)
from referral_blocks.flows.exclude_from_run import exclude_from_run
from referral_blocks.flows.plan_payout_run import plan_payout_run
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.stop_sending import resume_sending, stop_sending
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutItem
from referral_blocks.payouts.policy import PayoutPolicy, SendingStopChange, SentCounter
from referral_blocks.payouts.run import PayoutRun
from referral_blocks.payouts.selectors import due_payouts
from referral_blocks.rewards.models import Reward
from tests.at_once import at_once
from tests.payout_fake import new_shop
from tests.runs import GIFT, buy, friend_of, plan, providers, runs_program, send_all, staff

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 20


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers()
    return new_shop()


def waiting(people, each=1, **limits):
    """A confirmed payout of £20 for each sale of ``people`` people, sent as soon as it is asked for."""
    program = runs_program(payout_mode="at_once", time_zone="Europe/London")
    PayoutPolicy.objects.create(program=program, currency="GBP", **limits)
    for n in range(people):
        friend = friend_of(program, f"p{n}")
        for order in range(each):
            buy(friend, f"{n}-{order}")
    return list(Payout.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("people", "each", "limits", "fits"),
    [(20, 1, {"daily_cap_minor": 14_999}, 7), (1, 20, {"person_cap_minor": 10_000}, 5),
     (4, 5, {"daily_cap_minor": 20_000, "person_cap_minor": 4_000}, 8)],
)  # fmt: skip
def test_twenty_workers_send_exactly_what_the_day_has_room_for(shop, people, each, limits, fits):
    morning = datetime(2026, 7, 1, 9, tzinfo=UTC)
    with time_machine.travel(morning):
        pks = waiting(people, each, **limits)
        outcomes = at_once(lambda n: send_payout(payout_id=pks[n]), threads=THREADS)
    assert (outcomes.count("paid"), outcomes.count(None)) == (fits, THREADS - fits)
    assert len(shop.orders) == fits
    assert SentCounter.objects.get(key="GBP:2026-07-01").amount_minor == 2000 * fits
    left = Payout.objects.exclude(state="paid")
    # Midnight in London is an hour earlier on the world's clock in summer.
    midnight = datetime(2026, 7, 1, 23, tzinfo=UTC)
    assert set(left.values_list("state", "next_try_at")) == {("confirmed", midnight)}
    with time_machine.travel(morning.replace(hour=22, minute=59)):
        assert list(due_payouts(limit=99)) == []
    with time_machine.travel(midnight):
        due = [payout.pk for payout in due_payouts(limit=99)]
        assert len(due) == THREADS - fits
        again = at_once(lambda n: send_payout(payout_id=due[n % len(due)]), threads=THREADS)
    assert again.count("paid") == min(fits, THREADS - fits)
    assert SentCounter.objects.get(key="GBP:2026-07-02").amount_minor == 2000 * again.count("paid")
    assert check_ledger() == []


def test_what_was_refused_gives_its_room_back(shop):
    shop.faults[:] = ["final"]
    pks = waiting(3, daily_cap_minor=4000)
    outcomes = [send_payout(payout_id=pk) for pk in pks]
    assert outcomes == ["failed_final", "paid", "paid"]
    assert SentCounter.objects.filter(key__endswith=str(datetime.now(UTC).date())).get().amount_minor == 4000


def test_a_payout_that_is_tried_again_is_counted_once(shop):
    shop.faults[:] = ["retry"]
    (pk,) = waiting(1, daily_cap_minor=2000)
    assert send_payout(payout_id=pk) == "failed_retryable"
    PayoutAttempt.objects.update(leased_until=None)
    assert send_payout(payout_id=pk) == "paid"
    assert set(SentCounter.objects.values_list("amount_minor", flat=True)) == {2000}


# Runs


def with_rewards(people=6, each=2):
    program = runs_program()
    for n in range(people):
        friend = friend_of(program, f"p{n}")
        for order in range(each):
            buy(friend, f"{n}-{order}")
    return program


def test_many_planners_make_one_run_that_holds_everything_once():
    program = with_rewards()
    made = at_once(lambda n: plan_payout_run(program=program, provider="shop", actor=None).pk, threads=8)
    assert len(set(made)) == 1
    assert (PayoutRun.objects.count(), Payout.objects.count(), PayoutItem.objects.count()) == (1, 6, 12)
    assert Payout.objects.aggregate(total=Sum("amount_minor"))["total"] == 24_000
    assert check_ledger() == []


def attempt(work):
    try:
        return work()
    except DomainError as refusal:
        return refusal.code


def test_many_presses_of_confirm_release_each_payout_once(shop):
    run = plan(with_rewards())
    people = [staff(f"s{n}") for n in range(8)]
    done = at_once(
        lambda n: attempt(lambda: confirm_payout_run(run=PayoutRun.objects.get(), actor=people[n])), threads=8
    )
    assert (done.count(True), done.count("wrong_state")) == (1, 7)
    released = at_once(lambda n: carry_out_payout_run(run_id=run.pk), threads=8)
    assert sum(released) == 6
    assert send_all() == ["paid"] * 6
    assert (len(shop.orders), check_ledger()) == (6, [])


def test_two_presses_of_two_people_are_two_people():
    program = with_rewards(2)
    PayoutPolicy.objects.create(program=program, currency="GBP", second_person_minor=1)
    plan(program)
    people = [staff("one"), staff("two")]
    done = at_once(lambda n: confirm_payout_run(run=PayoutRun.objects.get(), actor=people[n]), threads=2)
    assert sorted(done) == [False, True]
    run = PayoutRun.objects.get()
    assert {run.confirmed_by, run.seconded_by} == set(people)


def test_a_sale_comes_back_while_its_run_is_being_confirmed(shop):
    """Whatever comes first, what is sent less what is owed is what the sales are worth."""
    program = with_rewards(5, 1)
    run = plan(program)

    def work(n):
        if n == 5:
            confirm_payout_run(run=PayoutRun.objects.get(), actor=None)
            return carry_out_payout_run(run_id=run.pk)
        ids = {"source": "api", "external_id": f"{n}-0", "reversal_id": f"r-{n}"}
        return reverse_sale(program=program, kind="refund", amount="50", **ids)

    at_once(work, threads=6)
    send_all()
    sent = sum(order.amount.amount_minor for order in shop.orders)
    owed = sum(Reward.objects.values_list("clawed_minor", flat=True))
    assert (sent - owed, check_ledger()) == (5_000, [])


def test_taking_out_and_confirming_at_once_never_sends_what_was_taken_out(shop):
    run = plan(with_rewards(6, 1))
    payouts = list(Payout.objects.order_by("pk"))

    def work(n):
        if n == 6:
            attempt(lambda: confirm_payout_run(run=PayoutRun.objects.get(), actor=None))
            return carry_out_payout_run(run_id=run.pk)
        return attempt(lambda: exclude_from_run(payout=payouts[n], actor=None, note="Later"))

    done = at_once(work, threads=7)
    out = [n for n in range(6) if done[n] is True]
    send_all()
    assert len(shop.orders) == (6 - len(out) if PayoutRun.objects.get().state == "confirmed" else 0)
    assert not {str(payouts[n].public_id) for n in out} & {order.payout_id for order in shop.orders}
    assert set(Reward.objects.filter(payout_items__payout__in=[payouts[n].pk for n in out]).values_list("state")) <= {
        ("approved",)
    }
    assert check_ledger() == []


def test_many_turns_of_the_switch_at_once_are_one():
    runs_program(GIFT)
    boss = staff()
    stopped = at_once(lambda n: stop_sending(provider="*", actor=boss, note=f"{n}"), threads=8)
    resumed = at_once(lambda n: resume_sending(provider="*", actor=boss, note=f"{n}"), threads=8)
    assert (stopped.count(True), resumed.count(True), SendingStopChange.objects.count()) == (1, 1, 2)
