"""From a promised reward to value in somebody's hands."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks import signals
from referral_blocks.core import queue
from referral_blocks.core.errors import DomainError
from referral_blocks.flows import tasks
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.mature_rewards import mature_rewards, resume_work
from referral_blocks.flows.pay_reward import SEND_TASK
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.selectors import balances, unbalanced_entries
from referral_blocks.payouts.attempts import claim_attempt
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward, RewardChange
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
ONE_RULE = ({"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "instructions": "Drawer."},)
AUTOMATIC = ({**ONE_RULE[0], "hold_days": 0, "approval": "automatic"},)


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_user("staff")


def earn(rules=ONE_RULE) -> Reward:
    referral = make_referral(make_program(rules=rules))
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com"}
    return record_sale(program=referral.program, amount="100", currency="GBP", **sale).rewards[0]


def queued_payouts():
    """How many tasks that send a payout wait in the queue."""
    return sum(task.func() == SEND_TASK for task in OrmQ.objects.all())


def reasons(reward):
    return set(reward.pending_reasons.values_list("reason", flat=True))


def state(reward):
    return Reward.objects.get(pk=reward.pk).state


def test_approval_alone_does_not_end_the_hold(staff):
    reward = earn()
    assert approve_reward(reward=reward, actor=staff)
    assert (state(reward), reasons(reward), Payout.objects.count()) == ("pending", {"hold"}, 0)


def test_time_alone_does_not_approve(staff):
    reward = earn()
    with time_machine.travel(timezone.now() + timedelta(days=14, minutes=1)):
        assert (mature_rewards(), mature_rewards()) == (1, 0)
    assert (state(reward), reasons(reward), Payout.objects.count()) == ("pending", {"approval"}, 0)


def test_a_hold_that_is_not_over_stays():
    reward = earn()
    with time_machine.travel(timezone.now() + timedelta(days=13)):
        assert mature_rewards() == 0
    assert reasons(reward) == {"hold", "approval"}


def test_when_the_last_reason_goes_the_payout_is_confirmed_and_queued_in_one_transaction(staff):
    reward = earn()
    approve_reward(reward=reward, actor=staff)
    before = queue.waiting_count()
    assert release_hold(reward=reward, actor=staff, note="Known for years")
    payout = Payout.objects.get()
    assert (state(reward), payout.state, payout.amount_minor, payout.confirmed_by) == (
        "reserved",
        "confirmed",
        2000,
        staff,
    )
    assert queue.waiting_count() == before + 1
    steps = RewardChange.objects.filter(subject=reward).values_list("field", "from_state", "to_state", "note")
    assert list(steps) == [
        ("reason", "approval", "", ""),
        ("reason", "hold", "", "Known for years"),
        ("state", "pending", "approved", ""),
        ("state", "approved", "reserved", ""),
    ]


def test_pressing_approve_twice_is_once(staff):
    reward = earn(({**ONE_RULE[0], "hold_days": 0},))
    assert [approve_reward(reward=reward, actor=staff) for _ in range(2)] == [True, False]
    assert Payout.objects.count() == 1


def test_ending_a_hold_needs_a_reason(staff):
    reward = earn()
    with pytest.raises(DomainError) as refused:
        release_hold(reward=reward, actor=staff, note=" ")
    assert (refused.value.path, reasons(reward)) == (("note",), {"hold", "approval"})


def test_an_automatic_reward_without_hold_is_queued_by_the_sale_itself():
    reward = earn(AUTOMATIC)
    assert (state(reward), Payout.objects.get().confirmed_by) == ("reserved", None)


def test_the_manual_provider_puts_it_on_the_staffs_list_and_the_handover_settles_it(staff):
    reward = earn(AUTOMATIC)
    payout = Payout.objects.get()
    assert send_payout(payout_id=payout.pk) == "accepted"
    handover = Handover.objects.get()
    assert (handover.payout, handover.title, handover.instructions) == (payout, "£20 gift", "Drawer.")
    assert state(reward) == "reserved"
    assert balances(program_id=reward.program_id)[("in_transit", "GBP")] == -2000

    assert mark_handed_over(handover=handover, actor=staff, note="At the door")
    payout.refresh_from_db()
    assert (payout.state, state(reward)) == ("paid", "issued")
    assert (handover.handed_over_by, handover.note) == (staff, "At the door")
    assert unbalanced_entries() == []
    assert {k[0]: v for k, v in balances(program_id=reward.program_id).items() if v} == {
        "reward_expense": 2000,
        "provider_cash": -2000,
    }


def test_handing_over_twice_keeps_the_first_note(staff):
    earn(AUTOMATIC)
    send_payout(payout_id=Payout.objects.get().pk)
    handover = Handover.objects.get()
    assert [mark_handed_over(handover=handover, actor=staff, note=n) for n in ("one", "two")] == [True, False]
    assert Handover.objects.get().note == "one"


def test_sending_twice_makes_one_handover():
    earn(AUTOMATIC)
    pk = Payout.objects.get().pk
    assert [send_payout(payout_id=pk) for _ in range(2)] == ["accepted", None]
    assert (Handover.objects.count(), PayoutAttempt.objects.count()) == (1, 1)


def test_a_lost_answer_is_asked_again_with_the_same_key(monkeypatch):
    earn(AUTOMATIC)
    pk = Payout.objects.get().pk
    real, keys = ManualProvider.send, []

    def drop_the_first_answer(self, request):
        keys.append((request.idempotency_key, dict(request.body)))
        answer = real(self, request)
        if len(keys) == 1:
            raise ConnectionError("the answer was lost")
        return answer

    monkeypatch.setattr(ManualProvider, "send", drop_the_first_answer)
    assert send_payout(payout_id=pk) == "unknown"
    assert Payout.objects.get().state == "unknown"
    assert queued_payouts() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        resume_work()
        resume_work()
        assert queued_payouts() == 2
        assert send_payout(payout_id=pk) == "accepted"
    assert keys[0] == keys[1]
    assert (Handover.objects.count(), PayoutAttempt.objects.get().tries) == (1, 2)


def test_a_task_that_died_in_the_middle_is_found_again_after_its_lease():
    earn(AUTOMATIC)
    payout = Payout.objects.get()
    key = claim_attempt(payout=payout).idempotency_key  # … and the worker is gone
    assert send_payout(payout_id=payout.pk) is None
    resume_work()
    assert queued_payouts() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        resume_work()
        assert queued_payouts() == 2
        assert send_payout(payout_id=payout.pk) == "accepted"
    assert PayoutAttempt.objects.get().idempotency_key == key


def test_a_flagged_referral_waits_until_a_person_has_looked(staff):
    program = make_program(rules=AUTOMATIC)
    link = make_link(program, email="robin@example.com")
    make_referral(program, email="robin+2@example.com", link=link)
    sale = {"source": "api", "external_id": "1", "friend_email": "robin+2@example.com"}
    reward = record_sale(program=program, amount="100", currency="GBP", **sale).rewards[0]
    with time_machine.travel(timezone.now() + timedelta(days=1000)):
        mature_rewards()
    assert (state(reward), reasons(reward)) == ("pending", {"review"})

    referral = Referral.objects.get()
    assert review_referral(referral=referral, approve=True, note="Two people, one mailbox", actor=staff)
    assert (state(reward), Payout.objects.count()) == ("reserved", 1)


def test_a_blocked_referral_pays_nothing(staff):
    program = make_program(rules=AUTOMATIC)
    link = make_link(program, email="robin@example.com")
    referral = make_referral(program, email="robin+2@example.com", link=link)
    sale = {"source": "api", "external_id": "1", "friend_email": "robin+2@example.com"}
    reward = record_sale(program=program, amount="100", currency="GBP", **sale).rewards[0]
    assert review_referral(referral=referral, approve=False, note="Same person", actor=staff)
    assert not review_referral(referral=referral, approve=False, note="Same person", actor=staff)
    assert (state(reward), Payout.objects.count()) == ("void", 0)
    assert {k: v for k, v in balances(program_id=program.pk).items() if v} == {}
    with pytest.raises(DomainError):
        approve_reward(reward=reward, actor=staff)


def test_a_friend_who_was_blocked_before_buying_earns_nobody_anything(staff):
    program = make_program(rules=AUTOMATIC)
    link = make_link(program, email="robin@example.com")
    referral = make_referral(program, email="robin+2@example.com", link=link)
    review_referral(referral=referral, approve=False, note="Same person", actor=staff)
    sale = {"source": "api", "external_id": "1", "friend_email": "robin+2@example.com"}
    recorded = record_sale(program=program, amount="100", currency="GBP", **sale)
    assert (recorded.created, recorded.rewards) == (True, [])
    assert (Reward.objects.count(), Payout.objects.count()) == (0, 0)


def test_every_scheduled_task_runs_twice_and_does_its_work_once():
    reward = earn(({**ONE_RULE[0], "approval": "automatic"},))
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        for job in tasks.SCHEDULES:
            for _ in range(2):
                getattr(tasks, job.task.rsplit(".", 1)[1])()
    assert (state(reward), Payout.objects.count(), queued_payouts()) == ("reserved", 1, 1)


def test_a_payout_that_is_handed_over_before_its_answer_is_recorded_keeps_the_books_right(staff, monkeypatch):
    reward = earn(AUTOMATIC)
    payout, real = Payout.objects.get(), ManualProvider.send

    def hand_over_meanwhile(self, request):
        answer = real(self, request)
        mark_handed_over(handover=Handover.objects.get(), actor=staff)
        return answer

    monkeypatch.setattr(ManualProvider, "send", hand_over_meanwhile)
    assert send_payout(payout_id=payout.pk) is None
    attempt = PayoutAttempt.objects.get()
    assert (Payout.objects.get().state, state(reward)) == ("paid", "issued")
    assert (attempt.outcome, attempt.leased_until) == ("accepted", None)
    assert {k[0]: v for k, v in balances(program_id=reward.program_id).items() if v} == {
        "reward_expense": 2000,
        "provider_cash": -2000,
    }


def test_a_late_answer_does_not_overwrite_a_newer_one(monkeypatch):
    reward = earn(AUTOMATIC)
    pk, calls = Payout.objects.get().pk, []

    def slow_then_quick(self, request):
        calls.append(request.idempotency_key)
        if len(calls) == 1:
            with time_machine.travel(timezone.now() + timedelta(minutes=11)):
                assert send_payout(payout_id=pk) == "paid"  # the lease is over: another worker takes it up
            return PayoutResult(Outcome.FAILED_FINAL, message="too late")
        return PayoutResult(Outcome.PAID, provider_ref="tr_1")

    monkeypatch.setattr(ManualProvider, "send", slow_then_quick)
    assert send_payout(payout_id=pk) is None
    assert (Payout.objects.get().state, state(reward), PayoutAttempt.objects.get().provider_ref) == (
        "paid",
        "issued",
        "tr_1",
    )
    assert calls[0] == calls[1]
    late = Payout.objects.get().changes.get(field="late")
    assert (late.reason, late.note) == ("late:failed_final", "too late")


def test_a_late_answer_does_not_speak_for_a_talk_that_is_still_going_on(monkeypatch):
    earn(AUTOMATIC)
    pk = Payout.objects.get().pk

    def slow(self, request):
        with time_machine.travel(timezone.now() + timedelta(minutes=11)):
            assert claim_attempt(payout=Payout.objects.get()).tries == 2  # another worker talks now
        return PayoutResult(Outcome.FAILED_FINAL)

    monkeypatch.setattr(ManualProvider, "send", slow)
    assert send_payout(payout_id=pk) is None
    assert (Payout.objects.get().state, PayoutAttempt.objects.get().outcome) == ("sending", "created")


def test_an_unknown_outcome_is_not_asked_again_once_the_provider_may_have_forgotten_the_key(monkeypatch):
    earn(AUTOMATIC)
    pk, keys = Payout.objects.get().pk, []

    def no_answer(self, request):
        keys.append(request.idempotency_key)
        raise TimeoutError

    monkeypatch.setattr(ManualProvider, "send", no_answer)
    start = timezone.now()
    for hour in range(40):
        with time_machine.travel(start + timedelta(hours=hour)):
            resume_work()
            send_payout(payout_id=pk)
    payout = Payout.objects.get()
    assert (payout.state, payout.next_try_at, len(set(keys))) == ("unknown", None, 1)
    assert 13 <= len(keys) <= 21
    assert PayoutAttempt.objects.get().outcome == "unknown"


def test_a_provider_that_was_removed_is_said_and_nothing_is_lost(settings, caplog):
    earn(AUTOMATIC)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": {}}
    assert send_payout(payout_id=Payout.objects.get().pk) is None
    assert "no provider “manual” is configured" in caplog.text
    assert (Payout.objects.get().state, PayoutAttempt.objects.count()) == ("confirmed", 0)


def test_the_host_hears_of_what_happened_after_the_commit(staff, django_capture_on_commit_callbacks):
    heard = []
    names = ("referrer_joined", "referral_captured", "sale_recorded", "reward_approved", "payout_paid")
    receivers = {name: (lambda *, name=name, **payload: heard.append(name)) for name in names}
    for name, receiver in receivers.items():
        getattr(signals, name).connect(receiver)
    with django_capture_on_commit_callbacks(execute=True):
        earn(AUTOMATIC)
        send_payout(payout_id=Payout.objects.get().pk)
        mark_handed_over(handover=Handover.objects.get(), actor=staff)
        assert heard == []
    for name, receiver in receivers.items():
        getattr(signals, name).disconnect(receiver)
    assert sorted(heard) == sorted(names)
