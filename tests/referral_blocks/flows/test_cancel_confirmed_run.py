"""A confirmed run is called back: what nobody has begun to send is not sent any more, and what is on its way stays."""

import pytest

from referral_blocks.activity.models import Activity
from referral_blocks.core.agent import acting_as
from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.flows.cancel_payout_run import Cancelled, cancel_payout_run, to_cancel
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.confirm_payout_run import carry_out_payout_run, confirm_payout_run, resume_payout_runs
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.attempts import claim_attempt
from referral_blocks.payouts.models import Payout, PayoutChange
from referral_blocks.payouts.run import RunState
from referral_blocks.payouts.runs import RunTotals
from referral_blocks.rewards.models import Reward
from tests.at_once import at_once
from tests.paying import later
from tests.payout_fake import new_shop
from tests.runs import buy, confirm, friend_of, payouts, plan, providers, runs_program, send_all, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers()
    return new_shop()


@pytest.fixture
def program():
    return runs_program()


@pytest.fixture
def run(program):
    """£20 each for Ana, Ben and Cleo, confirmed and waiting to be sent."""
    for name in ("ana", "ben", "cleo"):
        buy(friend_of(program, name), name)
    run = plan(program)
    assert confirm(run)
    return run


def payout_of(name):
    return Payout.objects.filter(person__name=name).latest("pk")


def send(name):
    return send_payout(payout_id=payout_of(name).pk)


def cancel(run, name="boss"):
    done = cancel_payout_run(run=run, actor=staff(name), note="Wrong month")
    return done and (done.back.payouts, done.back.amount_minor, done.kept.payouts, done.kept.amount_minor)


def rewards():
    return list(Reward.objects.order_by("pk").values_list("state", flat=True))


def test_what_nobody_has_begun_to_send_is_called_back_and_what_is_paid_stays(run, program, shop):
    assert send("Ana") == "paid"
    assert cancel(run) == (2, 4000, 1, 2000)
    # Also before the queue has come to them.
    assert [send("Ben"), send("Cleo"), len(shop.orders)] == [None, None, 1]
    assert carry_out_payout_run(run_id=run.pk) == 2
    assert payouts(run) == [("Ana", 2000, "paid"), ("Ben", 2000, "cancelled"), ("Cleo", 2000, "cancelled")]
    assert rewards() == ["issued", "approved", "approved"]
    step = run.changes.latest("pk")
    assert (step.from_state, step.to_state, step.note, step.actor) == (
        "confirmed", "cancelled", "Wrong month", staff("boss"),
    )  # fmt: skip
    called_back = PayoutChange.objects.filter(to_state="cancelled").values_list("from_state", "reason", "actor")
    assert list(called_back) == [("confirmed", "run_cancelled", staff("boss").pk)] * 2
    assert Activity.objects.filter(kind="payout.cancelled").count() == 2
    assert (send_all(), cancel(run), len(shop.orders), check_ledger()) == ([], None, 1, [])
    again = plan(program)
    assert payouts(again) == [("Ben", 2000, "draft"), ("Cleo", 2000, "draft")]
    assert (confirm(again), send_all(), len(shop.orders)) == (True, ["paid", "paid"], 3)


def test_a_run_of_which_nothing_was_released_yet_is_called_back_whole(program, shop):
    buy(friend_of(program, "ana"), "1")
    run = plan(program)
    with acting_as("Books (rb_…)"):
        confirm_payout_run(run=run, actor=None)
        assert cancel_payout_run(run=run, actor=None, note="Wrong month").back.payouts == 1
    assert carry_out_payout_run(run_id=run.pk) == 1
    change = PayoutChange.objects.get(to_state="cancelled")
    assert (change.from_state, change.actor, change.agent) == ("draft", None, "Books (rb_…)")
    assert (rewards(), shop.sends, check_ledger()) == (["approved"], 0, [])


def test_what_is_called_back_and_what_stays_are_looked_at_in_one_moment(run, shop, django_assert_num_queries):
    """Else one that is sent between two looks would be counted twice."""
    assert send("Ana") == "paid"
    with django_assert_num_queries(1):
        found = to_cancel(run=run)
    assert found == Cancelled(RunTotals(2, 2, 4000, 2000), RunTotals(1, 1, 2000, 2000))


def test_what_may_have_been_sent_stays_until_it_has_failed_for_certain(run, program, shop):
    shop.faults = ["drop", "lost", "not_now"]
    assert [send("Ana"), send("Cleo"), send("Ben")] == ["unknown", "unknown", "not_now"]
    # Ben's try has failed for certain; of the others nobody knows.
    assert cancel(run) == (1, 2000, 2, 4000)
    assert carry_out_payout_run(run_id=run.pk) == 1
    assert payouts(run) == [("Ana", 2000, "unknown"), ("Ben", 2000, "failed_final"), ("Cleo", 2000, "unknown")]
    with later(hours=1):
        shop.faults = ["", "not_now"]
        # The same key: Ana's had arrived, Cleo's never did.
        assert [send("Ana"), send("Cleo")] == ["paid", "not_now"]
    with later(hours=2):
        assert (send("Cleo"), resume_payout_runs(), resume_payout_runs()) == (None, 1, 0)
    assert payouts(run) == [("Ana", 2000, "paid"), ("Ben", 2000, "failed_final"), ("Cleo", 2000, "failed_final")]
    assert (rewards(), len(shop.orders), check_ledger()) == (["issued", "approved", "approved"], 1, [])
    assert payouts(plan(program)) == [("Ben", 2000, "draft"), ("Cleo", 2000, "draft")]


def test_a_run_that_is_all_on_its_way_is_not_cancelled_and_a_note_says_why(run):
    with pytest.raises(InvalidInput) as refused:
        cancel_payout_run(run=run, actor=staff(), note=" ")
    assert refused.value.path == ("note",)
    assert send_all() == ["paid"] * 3
    with pytest.raises(NotPossibleNow):
        cancel(run)
    run.refresh_from_db()
    assert (run.state, run.changes.count(), {state for _who, _minor, state in payouts(run)}) == (
        RunState.CONFIRMED, 1, {"paid"},
    )  # fmt: skip


def test_a_release_that_began_before_releases_nothing_afterwards(program, shop, monkeypatch):
    """The task of the confirmation has read the run when it is cancelled."""
    buy(friend_of(program, "ana"), "1")
    run = plan(program)
    confirm_payout_run(run=run, actor=staff())
    flow = "referral_blocks.flows.confirm_payout_run.for_each"

    def late(ids, work):
        assert cancel(run) == (1, 2000, 0, 0)
        return [work(pk) for pk in ids]

    monkeypatch.setattr(flow, late)
    assert carry_out_payout_run(run_id=run.pk) == 0
    monkeypatch.undo()
    assert payouts(run) == [("Ana", 2000, "draft")]
    assert resume_payout_runs() == 1
    assert (payouts(run), shop.sends) == ([("Ana", 2000, "cancelled")], 0)


def test_what_has_a_key_already_is_claimed_again_after_the_run_was_cancelled(run, shop):
    shop.faults = ["drop"]
    assert send("Ana") == "unknown"
    cancel(run)
    with later(hours=1):
        assert claim_attempt(payout=payout_of("Ana")) is not None
        assert claim_attempt(payout=payout_of("Ben")) is None


@pytest.mark.django_db(transaction=True)
def test_workers_send_while_it_is_cancelled_and_each_payout_is_one_or_the_other(program, shop):
    for n in range(6):
        buy(friend_of(program, f"p{n}"), str(n))
    run = plan(program)
    assert confirm(run)
    pks = list(Payout.objects.order_by("pk").values_list("pk", flat=True))

    def work(number):
        if number < 6:
            return send_payout(payout_id=pks[number])
        if number == 6:
            try:
                cancel_payout_run(run=run, actor=staff(), note="Stop")
            except NotPossibleNow:
                return None  # all six were faster
        return carry_out_payout_run(run_id=run.pk)

    at_once(work, threads=8)
    resume_payout_runs()
    states = [state for _who, _minor, state in payouts(run)]
    assert set(states) <= {"paid", "cancelled"}
    assert (len(shop.orders), shop.sends) == (states.count("paid"),) * 2
    assert sorted(rewards()) == sorted("issued" if state == "paid" else "approved" for state in states)
    assert check_ledger() == []
