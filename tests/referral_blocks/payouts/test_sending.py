"""Whatever the provider answers, and wherever the worker dies, a payout is sent once."""

from contextlib import suppress
from datetime import timedelta
from itertools import repeat

import pytest
from django.db import IntegrityError
from django.utils import timezone

from referral_blocks import signals
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.stop_sending import resume_sending, stop_sending
from referral_blocks.payouts.attempts import back_off
from referral_blocks.payouts.limits import today
from referral_blocks.payouts.models import PayoutAttempt, PayoutChange
from referral_blocks.payouts.policy import PayoutPolicy, SendingStop, SendingStopChange, SentCounter
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from tests.at_once import at_once
from tests.paying import another, attempts, books_agree, confirmed, later, standing, state, sweep, work
from tests.payout_fake import SECRET, FakeProvider, register

pytestmark = pytest.mark.django_db


def test_a_payout_is_sent_and_paid_once(shop):
    payout = confirmed()
    assert work() == 1
    assert (state(payout), attempts(payout), shop.paid(payout.public_id)) == (("paid", ""), [("paid", 1)], 1)
    assert (send_payout(payout_id=payout.pk), shop.sends) == (None, 1)
    assert (payout.provider_ref, standing(), books_agree()) == ("fake-1", (0, 2000), True)


def test_a_lost_answer_is_asked_again_with_the_same_key_and_the_same_body(shop):
    payout = confirmed()
    shop.faults = ["drop"]
    work()
    assert state(payout) == ("unknown", "")
    with later(minutes=2):
        sweep()
    assert (state(payout), attempts(payout), shop.paid(payout.public_id)) == (("paid", ""), [("paid", 2)], 1)


def test_duplicates_of_its_task_do_not_ask_before_its_time(shop):
    payout = confirmed()
    shop.faults = ["retry"]
    assert send_payout(payout_id=payout.pk) == "failed_retryable"
    assert [send_payout(payout_id=payout.pk) for _ in range(3)] == [None] * 3
    assert (shop.sends, attempts(payout)) == (1, [("failed_retryable", 1)])
    with later(minutes=2):
        assert send_payout(payout_id=payout.pk) == "paid"


def test_waits_grow_up_to_a_limit_and_differ():
    waits = [back_off(tries=n) for n in (1, 2, 3, 30)]
    assert all(
        low <= wait.total_seconds() <= high
        for wait, (low, high) in zip(waits, [(45, 75), (90, 150), (180, 300), (2700, 4500)], strict=True)
    )
    assert len({back_off(tries=1, at_least=timedelta(hours=1)) for _ in range(50)}) > 10
    assert min(back_off(tries=1, at_least=timedelta(hours=1)) for _ in range(50)) >= timedelta(hours=1)


def test_a_provider_without_balance_is_parked_and_goes_on_by_itself(shop, caplog, django_capture_on_commit_callbacks):
    first, second = confirmed(), another()
    heard = []

    def receiver(**kwargs):
        heard.append((kwargs["provider"], kwargs["cause"]))

    signals.payouts_parked.connect(receiver)
    shop.faults = ["not_now"]
    try:
        with django_capture_on_commit_callbacks(execute=True):
            work()
    finally:
        signals.payouts_parked.disconnect(receiver)
    # The first was refused, the second never begun.
    assert (state(first), state(second), shop.sends) == (("failed_retryable", ""), ("confirmed", ""), 1)
    stop = SendingStop.objects.get()
    assert (stop.provider, stop.cause, stop.note) == ("fake", "balance", "the shop says not_now")
    assert timedelta(minutes=9) < stop.until - timezone.now() <= timedelta(minutes=10)
    assert (heard, caplog.text.count("are parked until")) == ([("fake", "balance")], 1)
    with later(minutes=8):
        assert (sweep(), shop.sends) == (0, 1)
    shop.faults = ["not_now"]
    with later(minutes=11):
        sweep()  # still short: the same stop goes on, and nobody is told again
    assert (shop.sends, caplog.text.count("are parked until"), SendingStopChange.objects.count()) == (2, 1, 1)
    with later(minutes=25):
        sweep()
    assert (state(first), state(second)) == (("paid", ""), ("paid", ""))
    assert attempts(first)[-1] == ("paid", 1)
    assert len(set(PayoutAttempt.objects.values_list("idempotency_key", flat=True))) == PayoutAttempt.objects.count()
    assert (SendingStop.objects.count(), SendingStopChange.objects.count(), books_agree()) == (0, 2, True)


def test_a_provider_that_refuses_us_says_so(shop):
    confirmed()
    shop.faults = ["refused"]
    work()
    stop = SendingStop.objects.get()
    assert (stop.cause, stop.note) == ("refused", "the shop says refused")


def test_the_machine_does_not_touch_a_persons_stop(shop, staff, monkeypatch):
    payout = confirmed()

    def stopped_meanwhile(self, request):
        stop_sending(provider="fake", note="Audit", actor=staff)
        return PayoutResult(Outcome.NOT_NOW, message="short")

    monkeypatch.setattr(FakeProvider, "send", stopped_meanwhile)
    work()
    stop = SendingStop.objects.get()
    assert (state(payout), stop.cause, stop.note, stop.until) == (("failed_retryable", ""), "person", "Audit", None)
    with later(hours=2):
        assert sweep() == 0


def test_a_stop_is_seen_when_a_task_begins_and_nothing_is_lost(shop, staff):
    payout = confirmed()
    stop_sending(provider="fake", note="Look at it", actor=staff)
    work()
    assert (state(payout), attempts(payout), shop.sends) == (("confirmed", ""), [], 0)
    resume_sending(provider="fake", note="Looked", actor=staff)
    work()
    assert state(payout) == ("paid", "")


def test_what_needs_the_recipient_is_proven_not_paid(shop):
    payout = confirmed()
    shop.faults = ["action"]
    work()
    reward = Reward.objects.get()
    assert (state(payout), reward.state) == (("failed_final", ""), "pending")
    assert list(reward.pending_reasons.values_list("reason", flat=True)) == ["payout_details"]
    assert (shop.paid(payout.public_id), books_agree()) == (0, True)


@pytest.mark.parametrize("read_back", [True, False])
def test_a_payout_that_kills_its_worker_each_time_is_parked(settings, read_back, caplog):
    shop = register(settings, read_back=read_back)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 4}
    payout = confirmed()
    shop.faults = ["exit"] * 20
    for n in range(10):
        with later(minutes=11 * (n + 1)):
            try:
                sweep()
            except SystemExit:
                continue
    assert (state(payout), attempts(payout), shop.sends) == (("sending", "tries"), [("created", 4)], 4)
    assert (payout.next_try_at, shop.paid(payout.public_id)) == (None, 1)
    assert caplog.text.count("waits for a person: tries") == 1
    assert PayoutChange.objects.filter(field="parked").values_list("to_state", flat=True).get() == "tries"


def test_a_duplicate_task_parks_nothing_while_the_last_try_is_going_on(shop, settings, monkeypatch):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 1}
    payout, real, said = confirmed(), FakeProvider.send, []

    def twice(self, request):
        said.append(send_payout(payout_id=payout.pk))
        return real(self, request)

    monkeypatch.setattr(FakeProvider, "send", twice)
    work()
    assert (said, state(payout), PayoutChange.objects.filter(field="parked").count()) == ([None], ("paid", ""), 0)


def test_a_payout_whose_answer_cannot_be_written_is_parked_too(shop, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 3}
    first, second = confirmed(), another()
    shop.numbers = repeat(1)  # the same reference for two payouts
    send_payout(payout_id=first.pk)
    for n in range(6):
        with later(minutes=11 * (n + 1)), suppress(IntegrityError):
            sweep()
    assert state(second) == ("sending", "tries")
    assert shop.paid(second.public_id) == 1


def test_a_provider_that_cannot_say_what_to_ask_is_parked_before_a_word(shop, monkeypatch, caplog):
    payout = confirmed()
    monkeypatch.setattr(FakeProvider, "body", lambda self, order: {}[SECRET])
    work()
    assert (state(payout), attempts(payout), shop.sends) == (("confirmed", "body"), [], 0)
    assert "KeyError" in caplog.text
    assert SECRET not in caplog.text


def test_what_a_provider_raises_is_logged_without_its_words(shop, caplog):
    payout = confirmed()
    shop.faults = ["broken"]
    work()
    assert state(payout) == ("unknown", "")
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text + str(PayoutAttempt.objects.values().get())


def test_an_answer_that_only_a_look_up_may_give_proves_nothing(shop):
    payout = confirmed()
    shop.faults = ["returned"]
    work()
    assert (state(payout), attempts(payout)) == (("unknown", ""), [("unknown", 1)])
    assert [send_payout(payout_id=payout.pk) for _ in range(2)] == [None, None]
    with later(hours=30):
        sweep()
    assert (state(payout), shop.sends, shop.paid(payout.public_id)) == (("returned", ""), 1, 1)


def test_a_payout_of_unknown_outcome_never_begins_anew(shop):
    payout = confirmed()
    shop.faults = ["drop"]
    work()
    PayoutAttempt.objects.update(outcome="paid", leased_until=None)  # somebody’s hand in the database
    assert send_payout(payout_id=payout.pk) is None
    assert (shop.sends, PayoutAttempt.objects.count()) == (1, 1)


def test_a_payout_that_the_day_has_no_room_for_waits_for_tomorrow_and_is_not_lost(shop, caplog):
    payout = confirmed()
    PayoutPolicy.objects.create(program=payout.program, currency="GBP", daily_cap_minor=2000)
    SentCounter.objects.create(program=payout.program, key=f"GBP:{today(program=payout.program)}", amount_minor=1)
    work()
    payout.refresh_from_db()
    assert (state(payout), shop.sends, payout.counted_on) == (("confirmed", ""), 0, None)
    assert (payout.next_try_at.hour, payout.next_try_at.minute) == (0, 0)
    assert "waits for tomorrow" in caplog.text
    with later(days=1, hours=1):
        sweep()
    assert (state(payout), SentCounter.objects.filter(amount_minor=2000).count()) == (("paid", ""), 2)


def test_what_was_not_paid_gives_its_room_back(shop):
    payout = confirmed()
    shop.faults = ["final"]
    work()
    payout.refresh_from_db()
    assert set(SentCounter.objects.values_list("amount_minor", flat=True)) == {0}
    assert payout.counted_on is None


def test_a_provider_is_told_whether_the_key_was_used_before(shop, monkeypatch):
    told, real = [], FakeProvider.send
    monkeypatch.setattr(FakeProvider, "send", lambda s, r: (told.append(r.tried_before), real(s, r))[1])
    confirmed()
    shop.faults = ["retry"]
    work()
    with later(minutes=2):
        sweep()
    assert told == [False, True]


@pytest.mark.django_db(transaction=True)
def test_many_workers_and_sweepers_at_once_pay_each_payout_once(shop):
    first, second = confirmed(), another()
    shop.faults = ["drop", "drop"]
    pks = [first.pk, second.pk] * 4
    at_once(lambda n: send_payout(payout_id=pks[n]), threads=8)
    with later(minutes=3):
        at_once(lambda n: send_payout(payout_id=pks[n]), threads=8)
    assert [state(first), state(second)] == [("paid", "")] * 2
    assert [shop.paid(p.public_id) for p in (first, second)] == [1, 1]
    assert [outcome for p in (first, second) for outcome, _tries in attempts(p)] == ["paid", "paid"]
    assert books_agree()


def test_who_is_blocked_while_the_balance_is_short_is_not_paid_once_it_is_filled(shop, staff):
    payout = confirmed()
    shop.faults = ["not_now"]
    work()
    Referral.objects.update(review="flagged")
    review_referral(referral=Referral.objects.get(), approve=False, note="Two accounts", actor=staff)
    assert (state(payout), Reward.objects.get().state) == (("failed_final", ""), "void")
    with later(hours=2):
        assert sweep() == 0
    assert (shop.orders, standing(), books_agree()) == ([], (0, 0), True)
    assert list(SentCounter.objects.values_list("amount_minor", flat=True)) == [0, 0]


def test_who_is_blocked_while_an_answer_is_missing_keeps_what_may_be_paid(shop, staff):
    payout = confirmed()
    shop.faults = ["retry"]
    work()
    Referral.objects.update(review="flagged")
    review_referral(referral=Referral.objects.get(), approve=False, note="Two accounts", actor=staff)
    assert (state(payout), Reward.objects.get().state) == (("failed_retryable", ""), "reserved")
