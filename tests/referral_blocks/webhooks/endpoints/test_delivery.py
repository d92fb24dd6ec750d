"""From what happens on a site to what another system is told: at least once, signed, in no promised order."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page, Site

from referral_blocks.activity.models import Activity
from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows import deliver_webhooks as flow
from referral_blocks.flows.deliver_webhooks import deliver_webhooks, resume_webhooks
from referral_blocks.flows.update_webhook_endpoint import update_webhook_endpoint
from referral_blocks.webhooks.endpoints import exchange, sending
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from referral_blocks.webhooks.endpoints.outbox import MAX_TRIES, WAITS
from tests.at_once import at_once
from tests.make import make_program, make_referral
from tests.paying import work

from .conftest import joined, later, only, queued, states

pytestmark = pytest.mark.django_db


def test_what_happens_is_told_signed_and_without_anything_personal(receiver, subscribed):
    endpoint, secret = subscribed(description="Books")
    referral = make_referral(make_program())
    told = {str(a.public_id): a.kind for a in Activity.objects.all() if a.kind != "link.created"}
    assert {"referrer.joined", "referral.captured"} <= set(told.values())
    assert deliver_webhooks(endpoint_id=endpoint.pk) == len(told)
    bodies = receiver.verified(secret)
    assert {body["id"]: body["type"] for body in bodies} == told
    assert receiver.ids == [body["id"] for body in bodies]
    assert states(endpoint) == [("delivered", 1)] * len(told)
    captured = next(body for body in bodies if body["type"] == "referral.captured")
    assert set(captured) == {"id", "type", "timestamp", "api_version", "data"}
    assert captured["api_version"] == "1"
    assert set(captured["data"]) == {"object", "id", "program"}
    assert captured["data"]["object"] == "ReferralRecord"
    everything = b"".join(body for _headers, body in receiver.came)
    for personal in ("example.com", "Robin", "Kim", referral.referrer.person.email, "amount", "GBP"):
        assert personal.encode() not in everything
    assert receiver.came[0][0]["content-type"] == "application/json"


def test_a_flow_that_is_rolled_back_tells_nobody(receiver, subscribed, django_capture_on_commit_callbacks):
    endpoint, _secret = subscribed()
    program = make_program()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():
        joined(program)
        assert states(endpoint) != []
        raise RuntimeError
    assert (states(endpoint), queued(), Activity.objects.count()) == ([], [], 0)
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 0
    assert receiver.came == []


def test_a_transaction_queues_one_task_an_endpoint(receiver, subscribed, django_capture_on_commit_callbacks):
    first, second = subscribed()[0], subscribed()[0]
    program = make_program()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        joined(program, 1)
        joined(program, 2)
    assert queued() == [(first.pk,), (second.pk,)]
    work()
    assert states(first) == states(second) == [("delivered", 1)] * 2
    assert len(receiver.came) == 4


@pytest.mark.django_db(transaction=True)
def test_however_much_happens_one_task_waits_in_the_queue(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    program = make_program()
    for number in range(5):
        joined(program, number)
    assert queued() == [(endpoint.pk,)]
    lease = sending.take_lease(endpoint_id=endpoint.pk)
    work()  # somebody else sends: the task ends at once
    joined(program, 5)
    assert queued() == []
    sending.release(lease)
    joined(program, 6)
    assert queued() == [(endpoint.pk,)]
    work()
    assert states(endpoint) == [("delivered", 1)] * 7
    WebhookEndpoint.objects.update(resting_until=timezone.now() + timedelta(minutes=5))
    joined(program, 7)
    assert queued() == []
    with later(minutes=6):
        assert resume_webhooks() == 1
    with later(minutes=30):
        assert resume_webhooks() == 1  # the one before was lost


def test_an_endpoint_is_told_of_its_own_kinds_and_of_its_own_site(receiver, subscribed):
    other = Site.objects.create(hostname="other.example.com", root_page=Page.objects.filter(depth=1).first())
    some, _secret = subscribed(kinds=["sale.recorded", "referral.captured", "sale.recorded"])
    far, _secret = subscribed(site_id=other.pk)
    off, _secret = subscribed()
    update_webhook_endpoint(endpoint=off, enabled=False)
    make_referral(make_program())
    assert some.kinds == ["referral.captured", "sale.recorded"]
    assert list(WebhookDelivery.objects.filter(endpoint=some).values_list("kind", flat=True)) == ["referral.captured"]
    assert states(far) == states(off) == []


def test_nobody_asks_for_what_is_not_told(receiver, subscribed):
    for kinds in (["visits.counted"], ["link.created"], ["nothing"], ["webhook.test"]):
        with pytest.raises(InvalidInput) as error:
            subscribed(kinds=kinds)
        assert (error.value.code, error.value.path) == ("unknown_choice", ("kinds",))
    assert not WebhookEndpoint.objects.exists()


def test_a_lost_answer_is_asked_for_again_with_the_same_id_and_body(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    receiver.plan = ["drop"]
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries) == ("waiting", 1)
    assert timedelta(seconds=50) < delivery.next_try_at - timezone.now() < timedelta(seconds=67)
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 0  # not due yet
    with later(minutes=2):
        assert resume_webhooks() == 1
        assert resume_webhooks() == 0  # its task waits in the queue
        work()
    assert receiver.ids == [delivery.message_id] * 2
    assert receiver.came[0][1] == receiver.came[1][1]
    stamps = [int(headers["webhook-timestamp"]) for headers, _body in receiver.came]
    assert stamps[1] - stamps[0] >= 110
    assert states(endpoint) == [("delivered", 2)]
    endpoint.refresh_from_db()
    assert (endpoint.strikes, endpoint.failing_since, endpoint.resting_until) == (0, None, None)


def test_a_crash_after_sending_sends_it_again_with_the_same_id(receiver, subscribed, monkeypatch):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    with monkeypatch.context() as killed:
        killed.setattr(flow, "record", lambda **given: (_ for _ in ()).throw(SystemExit))
        killed.setattr(flow, "release", lambda lease: None)  # whoever is killed gives nothing back
        with pytest.raises(SystemExit):
            deliver_webhooks(endpoint_id=endpoint.pk)
    assert states(endpoint) == [("waiting", 1)]
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 0
    with later(minutes=3):
        resume_webhooks()
        work()
    assert states(endpoint) == [("delivered", 2)]
    assert len(receiver.came) == 2
    assert len(set(receiver.ids)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_message_once(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    program = make_program()
    for number in range(6):
        joined(program, number)
    counts = at_once(lambda _number: deliver_webhooks(endpoint_id=endpoint.pk), threads=4)
    assert sum(counts) == 6
    assert sorted(receiver.ids) == sorted(set(receiver.ids))
    assert states(endpoint) == [("delivered", 1)] * 6


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_comes_after_another_try_was_begun_is_not_kept(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    lease = sending.take_lease(endpoint_id=endpoint.pk)
    assert sending.take_lease(endpoint_id=endpoint.pk) is None  # one worker at a time
    slow = sending.claim_next(lease)
    with later(minutes=5):
        other = sending.claim_next(sending.take_lease(endpoint_id=endpoint.pk))
        sending.record(delivery=slow, answer=exchange.Answer("status", 500))
        assert states(endpoint) == [("waiting", 2)]
        assert WebhookDelivery.objects.get().status_code is None
        sending.record(delivery=other, answer=exchange.Answer("", 204))
        assert sending.claim_next(lease) is None  # its lease is lost
    assert states(endpoint) == [("delivered", 2)]


def test_a_dead_endpoint_holds_up_nobody_and_rests(receiver, subscribed, monkeypatch):
    monkeypatch.setattr(exchange, "READ_SECONDS", 0.2)
    dead, _secret = subscribed(**only("referrer.joined"), description="Dead")
    alive, _secret = subscribed(**only("referrer.joined"), description="Alive")
    program = make_program()
    for number in range(3):
        joined(program, number)
    receiver.plan = ["hang"]
    assert deliver_webhooks(endpoint_id=dead.pk) == 1  # and not three time-outs
    assert deliver_webhooks(endpoint_id=dead.pk) == 0
    assert deliver_webhooks(endpoint_id=alive.pk) == 3
    rests = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _try in range(9):
            dead.refresh_from_db()
            rests.append(round((dead.resting_until - timezone.now()).total_seconds()))
            clock.move_to(dead.resting_until)
            WebhookDelivery.objects.filter(endpoint=dead).update(next_try_at=timezone.now(), tries=1)
            receiver.plan = [503]
            assert deliver_webhooks(endpoint_id=dead.pk) == 1
    assert rests == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    with later(hours=2):
        WebhookDelivery.objects.filter(endpoint=dead).update(next_try_at=timezone.now())
        assert deliver_webhooks(endpoint_id=dead.pk) == 3
    assert {state for state, _tries in states(dead)} == {"delivered"}


def test_an_error_about_one_message_does_not_stop_the_others(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    program = make_program()
    joined(program, 1)
    joined(program, 2)
    receiver.plan = [500]
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 2
    assert states(endpoint) == [("waiting", 1), ("delivered", 1)]
    first = WebhookDelivery.objects.earliest("pk")
    assert (first.status_code, first.problem, first.answer[:3]) == (500, "status", "No:")


def test_a_slow_endpoint_gets_a_slice_and_comes_again(receiver, subscribed, monkeypatch):
    monkeypatch.setattr(flow, "SLICE_SECONDS", 0.0)
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 0
    assert queued() == [(endpoint.pk,)]


def test_it_is_tried_for_three_days_and_then_given_up(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        for number in range(MAX_TRIES):
            assert states(endpoint) == [("waiting", number)]
            receiver.plan = [500]
            assert deliver_webhooks(endpoint_id=endpoint.pk) == 1
            if number < len(WAITS):
                wait = WebhookDelivery.objects.get().next_try_at - timezone.now()
                assert WAITS[number] <= wait <= WAITS[number] * 1.1
                clock.move_to(timezone.now() + wait)
        assert timedelta(days=3) < timezone.now() - began < timedelta(days=3, hours=8)
        assert states(endpoint) == [("failed", MAX_TRIES)]
        clock.shift(timedelta(days=9))
        assert resume_webhooks() == 0
        assert deliver_webhooks(endpoint_id=endpoint.pk) == 0
    assert len(set(receiver.ids)) == 1
    assert len(receiver.ids) == MAX_TRIES


def test_what_waits_at_an_endpoint_that_stays_off_is_given_up(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    update_webhook_endpoint(endpoint=endpoint, enabled=False)
    with later(days=3, hours=23):
        resume_webhooks()
        assert states(endpoint) == [("waiting", 0)]
    with later(days=4, hours=1):
        resume_webhooks()
        assert states(endpoint) == [("failed", 0)]
    assert receiver.came == []
