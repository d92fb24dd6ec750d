"""A payout whose key the provider may have forgotten is looked up, never sent blindly a second time; and what was paid
may come back."""

from contextlib import suppress
from dataclasses import replace

import pytest
from django.db import IntegrityError

from referral_blocks import signals
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.read_back_payout import read_back_payout
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.selectors import balances
from referral_blocks.payouts.attempts import claim_attempt
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutChange
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.rewards.models import Reward
from tests.at_once import at_once
from tests.paying import another, attempts, books_agree, confirmed, later, standing, state, sweep, work
from tests.payout_fake import FakeProvider, register
from tests.reversals import reverse

pytestmark = pytest.mark.django_db


def lost(shop, fault):
    """A payout whose first answer was lost; nothing was asked again while the provider remembered the key."""
    payout = confirmed()
    shop.faults = [fault]
    work()
    assert state(payout) == ("unknown", "")
    return payout


def reward():
    found = Reward.objects.get()
    return found.state, list(found.pending_reasons.values_list("reason", flat=True))


def accounts():
    now = balances(program_id=Payout.objects.first().program_id)
    return {account: minor for (account, _c), minor in now.items() if minor}


def test_a_lost_answer_beyond_the_window_that_was_paid_is_found_in_the_books(shop):
    payout = lost(shop, "drop")
    with later(hours=30):  # here a second try would pay twice
        sweep()
        assert (state(payout), shop.sends, shop.paid(payout.public_id)) == (("paid", ""), 1, 1)
    assert (attempts(payout), payout.provider_ref, reward()) == ([("paid", 2)], "fake-1", ("issued", []))
    assert (books_agree(), standing()) == (True, (0, 2000))


def test_a_lost_request_beyond_the_window_is_proven_lost_and_sent_under_a_new_key(shop):
    payout = lost(shop, "lost")
    with later(hours=30):
        sweep()
        assert (state(payout), shop.sends, attempts(payout)) == (("failed_retryable", ""), 1, [("failed_final", 2)])
        assert send_payout(payout_id=payout.pk) == "paid"
    assert attempts(payout) == [("failed_final", 2), ("paid", 1)]
    assert len(set(PayoutAttempt.objects.values_list("idempotency_key", flat=True))) == 2
    assert (shop.paid(payout.public_id), books_agree()) == (1, True)


def test_the_sweeper_alone_brings_it_home(shop):
    payout = lost(shop, "lost")
    with later(hours=30):
        sweep()
    with later(hours=30, minutes=1):
        sweep()
    assert (state(payout), shop.paid(payout.public_id)) == (("paid", ""), 1)


def test_a_worker_that_died_is_looked_up_when_nobody_came_for_a_day(shop):
    payout = confirmed()
    shop.faults = ["exit"]
    with pytest.raises(SystemExit):
        work()
    assert state(payout) == ("sending", "")
    with later(hours=30):
        sweep()
    assert (state(payout), shop.sends, shop.paid(payout.public_id)) == (("paid", ""), 1, 1)


def test_within_the_window_a_look_up_proves_nothing_and_the_same_key_goes_on(shop):
    payout = lost(shop, "lost")
    assert read_back_payout(payout_id=payout.pk) == "failed_final"
    assert (state(payout), attempts(payout)) == (("unknown", ""), [("unknown", 2)])
    with later(minutes=10):
        sweep()
    assert (state(payout), attempts(payout)) == (("paid", ""), [("paid", 3)])


def test_without_books_it_waits_for_a_person_and_nothing_is_sent(settings):
    shop = register(settings, read_back=False)
    payout = confirmed()
    shop.faults = ["exit"]
    with pytest.raises(SystemExit):
        work()
    with later(hours=30):
        sweep()
        sweep()
    assert (state(payout), shop.sends, shop.look_ups) == (("sending", "window"), 1, [])


def test_books_that_cannot_tell_are_asked_later_and_in_the_end_by_a_person(shop, settings, caplog):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 3}
    payout = lost(shop, "drop")
    shop.look_up_faults = [Outcome.UNKNOWN, ConnectionError, Outcome.NOT_NOW, Outcome.UNKNOWN, Outcome.UNKNOWN]
    for n in range(12):
        with later(hours=30 + 2 * n):
            sweep()
    assert (state(payout), shop.sends) == (("unknown", "window"), 1)
    assert attempts(payout) == [("unknown", 6)]
    assert caplog.text.count("waits for a person: window") == 1


def test_a_look_up_does_not_disturb_who_talks_at_this_moment(shop, monkeypatch):
    payout, real, said = confirmed(), FakeProvider.send, []

    def looked_up_meanwhile(self, request):
        said.append(read_back_payout(payout_id=payout.pk))
        return real(self, request)

    monkeypatch.setattr(FakeProvider, "send", looked_up_meanwhile)
    work()
    assert (said, state(payout), shop.look_ups) == ([None], ("paid", ""), [])


def test_a_look_up_that_is_overtaken_does_not_disturb_who_talks_by_then(shop, monkeypatch):
    payout, real, calls = lost(shop, "lost"), FakeProvider.look_up, []

    def slow(self, request, *, provider_ref=""):
        calls.append(request.idempotency_key)
        if len(calls) == 1:
            with later(minutes=11):  # its lease is over: another finds that it is not there, and it is sent anew
                assert read_back_payout(payout_id=payout.pk) == "failed_final"
                assert claim_attempt(payout=payout).number == 2
            return PayoutResult(Outcome.UNKNOWN)
        return real(self, request, provider_ref=provider_ref)

    monkeypatch.setattr(FakeProvider, "look_up", slow)
    with later(hours=30):
        read_back_payout(payout_id=payout.pk)
    assert (state(payout), attempts(payout)) == (("sending", ""), [("failed_final", 3), ("created", 1)])


def test_an_answer_that_comes_after_a_look_up_changes_nothing(shop, monkeypatch):
    payout, real = confirmed(), FakeProvider.send

    def very_slow(self, request):
        answer = real(self, request)
        with later(hours=30):
            assert read_back_payout(payout_id=payout.pk) == "paid"
        return answer

    monkeypatch.setattr(FakeProvider, "send", very_slow)
    assert send_payout(payout_id=payout.pk) is None
    assert (state(payout), shop.paid(payout.public_id), books_agree()) == (("paid", ""), 1, True)
    assert PayoutChange.objects.get(field="late").reason == "late:paid"


def test_what_was_accepted_is_asked_about_until_it_is_paid(shop):
    payout = confirmed()
    shop.faults = ["accept"]
    work()
    assert (state(payout), reward()[0], accounts()) == (
        ("sent", ""), "reserved", {"reward_expense": 2000, "in_transit": -2000},
    )  # fmt: skip
    with later(minutes=10):
        sweep()
        assert (state(payout), shop.sends, shop.look_ups) == (("sent", ""), 1, [str(payout.public_id)])
        shop.order(payout.public_id).outcome = Outcome.PAID
    with later(hours=3):
        sweep()
    assert (state(payout), reward(), shop.sends, books_agree()) == (("paid", ""), ("issued", []), 1, True)


def test_what_was_accepted_and_fails_comes_back_to_the_staffs_desk(shop):
    payout = confirmed()
    shop.faults = ["accept"]
    work()
    shop.order(payout.public_id).outcome = Outcome.FAILED_FINAL
    with later(minutes=10):
        sweep()
    assert (state(payout), reward()) == (("failed_final", ""), ("pending", ["provider_error"]))
    assert (accounts(), books_agree(), standing()) == (
        {"reward_expense": 2000, "rewards_pending": -2000}, True, (2000, 0),
    )  # fmt: skip


def comes_back(shop, payout):
    shop.order(payout.public_id).outcome = Outcome.RETURNED
    return read_back_payout(payout_id=payout.pk)


def test_money_that_comes_back_is_ours_again_and_staff_decide(shop, staff, django_capture_on_commit_callbacks):
    payout, heard = confirmed(), []

    def receiver(**kwargs):
        heard.append(kwargs["payout"].pk)

    work()
    signals.payout_returned.connect(receiver)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert comes_back(shop, payout) == "returned"
    finally:
        signals.payout_returned.disconnect(receiver)
    assert (state(payout), reward(), heard) == (("returned", ""), ("pending", ["provider_error"]), [payout.pk])
    assert accounts() == {"reward_expense": 2000, "rewards_pending": -2000}
    assert (standing(), books_agree(), Reward.objects.get().issued_at) == ((2000, 0), True, None)
    assert read_back_payout(payout_id=payout.pk) is None
    # Staff have found out where it is to go, and it is paid with a payout of its own.
    assert approve_reward(reward=Reward.objects.get(), actor=staff)
    work()
    assert list(Payout.objects.order_by("pk").values_list("state", flat=True)) == ["returned", "paid"]
    assert (standing(), books_agree(), accounts()) == (
        (0, 2000), True, {"reward_expense": 2000, "provider_cash": -2000},
    )  # fmt: skip


def test_money_that_comes_back_after_a_refund_is_worth_what_is_left_of_the_sale(shop):
    payout = confirmed()
    work()
    reverse(amount="40")
    assert accounts()["clawback_receivable"] == 800
    comes_back(shop, payout)
    found = Reward.objects.get()
    assert (found.state, found.amount_minor, found.clawed_minor) == ("pending", 1200, 0)
    assert (accounts(), books_agree(), standing()) == (
        {"reward_expense": 1200, "rewards_pending": -1200}, True, (1200, 0),
    )  # fmt: skip


def test_money_that_comes_back_after_its_sale_was_reversed_is_nobodys_any_more(shop):
    payout = confirmed()
    work()
    reverse()
    assert (reward()[0], standing()) == ("clawed_back", (0, 0))
    comes_back(shop, payout)
    assert (state(payout), reward()[0], accounts(), standing(), books_agree()) == (
        ("returned", ""), "void", {}, (0, 0), True,
    )  # fmt: skip


def test_money_that_comes_back_after_its_debt_was_netted_elsewhere_is_owed(shop):
    first = confirmed()
    work()
    reverse(amount="40")
    second = another()
    assert second.amount_minor == 1200
    work()
    comes_back(shop, first)
    assert (accounts(), books_agree()) == (
        {"reward_expense": 3200, "provider_cash": -1200, "rewards_pending": -1200, "clawback_receivable": -800}, True,
    )  # fmt: skip


def test_it_came_back_before_anybody_heard_that_it_was_paid(shop):
    payout = lost(shop, "drop")
    with later(hours=30):
        assert comes_back(shop, payout) == "returned"
    assert (state(payout), reward(), books_agree()) == (("returned", ""), ("pending", ["provider_error"]), True)
    steps = payout.changes.filter(field="state").values_list("to_state", flat=True)
    assert list(steps) == ["confirmed", "sending", "unknown", "paid", "returned"]


def test_books_that_have_lost_a_paid_payout_are_reported_and_change_nothing(shop, caplog):
    payout = confirmed()
    work()
    shop.orders.clear()
    assert read_back_payout(payout_id=payout.pk) == "failed_final"
    assert (state(payout), "the books of fake do not have it" in caplog.text) == (("paid", ""), True)


@pytest.mark.django_db(transaction=True)
def test_many_look_ups_at_once_settle_it_once(shop):
    payout = lost(shop, "drop")
    with later(hours=30):
        at_once(lambda n: read_back_payout(payout_id=payout.pk), threads=8)
    assert (state(payout), shop.sends, books_agree(), reward()) == (("paid", ""), 1, True, ("issued", []))


@pytest.mark.django_db(transaction=True)
def test_many_look_ups_of_one_that_is_not_there_make_one_new_attempt(shop):
    payout = lost(shop, "lost")
    with later(hours=30):
        at_once(lambda n: (read_back_payout(payout_id=payout.pk), send_payout(payout_id=payout.pk)), threads=8)
        sweep()
        send_payout(payout_id=payout.pk)
    assert (state(payout), shop.paid(payout.public_id), len(attempts(payout))) == (("paid", ""), 1, 2)
    assert books_agree()


def test_what_the_books_say_and_cannot_be_written_down_waits_for_a_person_in_the_end(shop, settings):
    """The provider names another payout's order: the database refuses it, each time."""
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 2}
    confirmed()
    work()
    payout = another()
    shop.faults = ["lost"]
    work()
    first = shop.orders[0]
    shop.orders.append(replace(first, payout_id=str(payout.public_id)))
    for day in range(1, 8):
        with later(days=day), suppress(IntegrityError):
            read_back_payout(payout_id=payout.pk)
    assert (state(payout), len(shop.look_ups)) == (("unknown", "window"), 3)
