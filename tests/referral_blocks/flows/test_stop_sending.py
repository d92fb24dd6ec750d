"""The switch: sending stops at once, loses nothing, and resumes at once."""

import pytest
from django_q.models import OrmQ

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.mature_rewards import resume_work
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.stop_sending import resume_sending, stop_sending
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.policy import SendingStop, SendingStopChange
from referral_blocks.payouts.selectors import due_payouts
from referral_blocks.payouts.stops import lift_stop, set_stop
from tests.payout_fake import FakeProvider, new_shop
from tests.runs import GIFT, buy, friend_of, providers, runs_program, send_all, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers(other="tests.payout_fake.FakeProvider")
    return new_shop()


@pytest.fixture
def program():
    """Three payouts on their way: by the shop, by another account of it, and by hand."""
    program = runs_program(GIFT, {**GIFT, "method": "other"}, {**GIFT, "method": "manual"}, payout_mode="at_once")
    buy(friend_of(program, "ana"), "1")
    return program


def states():
    return dict(Payout.objects.values_list("provider", "state"))


def tasks():
    return [task.func() for task in OrmQ.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("switch", "sent"),
    [("*", {"manual": "sent", "shop": "confirmed", "other": "confirmed"}),
     ("shop", {"manual": "sent", "shop": "confirmed", "other": "paid"})],
)  # fmt: skip
def test_what_is_stopped_is_not_begun_and_everything_else_goes_on(program, shop, switch, sent):
    assert stop_sending(provider=switch, actor=staff(), note="Odd amounts")
    send_all()
    assert states() == sent
    assert set(PayoutAttempt.objects.values_list("provider", flat=True)) == {
        k for k, s in sent.items() if s != "confirmed"
    }
    Payout.objects.update(next_try_at="2020-01-01T00:00Z")
    assert {payout.provider for payout in due_payouts(limit=10)} & {"shop"} == set()


def test_resuming_queues_at_once_and_everything_goes(program, shop):
    stop_sending(provider="*", actor=staff(), note="Odd amounts")
    send_all()
    OrmQ.objects.all().delete()  # the tasks came, and did nothing
    assert resume_sending(provider="*", actor=staff("boss"), note="It was a typing error")
    assert tasks() == ["referral_blocks.flows.tasks.resume_work"]
    OrmQ.objects.all().delete()
    resume_work()
    assert tasks() == ["referral_blocks.flows.tasks.send_payout"] * 2
    send_all()
    assert (states(), len(shop.orders)) == ({"manual": "sent", "shop": "paid", "other": "paid"}, 2)


def test_each_turn_of_the_switch_is_written_down(program):
    stop_sending(provider="shop", actor=staff(), note="Odd amounts")
    assert not stop_sending(provider="shop", actor=staff("boss"), note="Again")
    stop = SendingStop.objects.get()
    assert (stop.cause, stop.note, stop.stopped_by, stop.until) == ("person", "Odd amounts", staff(), None)
    resume_sending(provider="shop", actor=staff("boss"), note="Fine")
    assert not resume_sending(provider="shop", actor=staff(), note="Again")
    rows = SendingStopChange.objects.values_list("provider", "stopped", "cause", "note", "actor")
    assert list(rows) == [
        ("shop", True, "person", "Odd amounts", staff().pk),
        ("shop", False, "person", "Fine", staff("boss").pk),
    ]
    assert not SendingStop.objects.exists()


def test_a_person_s_stop_stands_above_the_machine_s(program):
    assert set_stop(provider="shop", cause="balance", note="£3 left")
    assert stop_sending(provider="shop", actor=staff(), note="Look first")
    assert not set_stop(provider="shop", cause="balance", note="£2 left")
    assert SendingStop.objects.get().cause == "person"
    assert lift_stop(provider="shop", actor=staff())


def test_what_is_being_asked_comes_to_its_end(program, shop, monkeypatch):
    real = FakeProvider.send

    def send(self, request):
        stop_sending(provider="*", actor=staff(), note="Now")
        return real(self, request)

    monkeypatch.setattr(FakeProvider, "send", send)
    assert send_payout(payout_id=Payout.objects.get(provider="shop").pk) == "paid"
    assert send_payout(payout_id=Payout.objects.get(provider="other").pk) is None
    assert len(shop.orders) == 1


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"provider": "pigeon", "note": "x"}, ("provider",), "unknown_method"),
        ({"provider": "manual", "note": "x"}, ("provider",), "not_used"),
        ({"provider": "*", "note": " "}, ("note",), "required"),
    ],
)
def test_a_switch_that_is_not_there_is_refused(given, path, code):
    with pytest.raises(InvalidInput) as refusal:
        stop_sending(actor=staff(), **given)
    assert (refusal.value.path, refusal.value.code) == (path, code)
    assert (SendingStop.objects.count(), SendingStopChange.objects.count()) == (0, 0)
