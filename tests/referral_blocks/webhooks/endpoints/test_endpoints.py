"""Endpoints that are switched off and on, messages that are sent again, tests, secrets, and what is forgotten."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.flows import deliver_webhooks as flow
from referral_blocks.flows.delete_webhook_endpoint import delete_webhook_endpoint
from referral_blocks.flows.deliver_webhooks import deliver_webhooks, resume_webhooks
from referral_blocks.flows.forget_expired import forget_expired
from referral_blocks.flows.replay_failed_webhooks import replay_failed_webhooks
from referral_blocks.flows.replay_webhook_delivery import replay_webhook_delivery
from referral_blocks.flows.rotate_webhook_secret import rotate_webhook_secret
from referral_blocks.flows.send_test_webhook import send_test_webhook
from referral_blocks.flows.update_webhook_endpoint import update_webhook_endpoint
from referral_blocks.referrers.models import Referrer
from referral_blocks.webhooks.endpoints import sending, services
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from tests.at_once import at_once
from tests.make import make_program
from tests.paying import work

from .conftest import joined, later, only, states

pytestmark = pytest.mark.django_db


def owners(django_user_model):
    django_user_model.objects.create_superuser("owner", "owner@example.com")
    django_user_model.objects.create_user("nobody", "nobody@example.com")


def told():
    return [message for message in mail.outbox if "switched off" in message.subject]


def test_whoever_answers_410_is_switched_off_and_staff_hear_of_it(receiver, subscribed, django_user_model):
    owners(django_user_model)
    endpoint, _secret = subscribed(**only("referrer.joined"), description="Books")
    program = make_program()
    joined(program, 1)
    joined(program, 2)
    receiver.plan = [410]
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 1
    endpoint.refresh_from_db()
    assert endpoint.status == "gone"
    assert states(endpoint) == [("failed", 1), ("waiting", 0)]
    joined(program, 3)
    assert len(states(endpoint)) == 2  # nothing more is written for it
    work()
    assert [(m.to, m.subject) for m in told()] == [(["owner@example.com"], "Webhook endpoint “Books” is switched off")]
    assert f"/admin/referrals/webhooks/{endpoint.pk}/" in told()[0].body
    change = endpoint.changes.latest("pk")
    assert (change.from_state, change.to_state, change.reason) == ("on", "gone", "webhook_gone")


def test_nobody_is_switched_off_without_a_word(receiver, subscribed, monkeypatch):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    receiver.plan = [410]
    monkeypatch.setattr(flow.queue, "enqueue", lambda *_given: (_ for _ in ()).throw(SystemExit))  # killed
    with pytest.raises(SystemExit):
        deliver_webhooks(endpoint_id=endpoint.pk)
    endpoint.refresh_from_db()
    assert (endpoint.status, states(endpoint)) == ("on", [("waiting", 1)])  # it comes again, and so does the answer


def test_whoever_fails_for_days_is_switched_off_and_can_be_switched_on_again(receiver, subscribed, django_user_model):
    owners(django_user_model)
    endpoint, _secret = subscribed(**only("referrer.joined"))
    program = make_program()
    receiver.plan = [500] * 20
    joined(program, 1)
    deliver_webhooks(endpoint_id=endpoint.pk)
    with later(days=4, hours=23):
        joined(program, 2)
        deliver_webhooks(endpoint_id=endpoint.pk)
        endpoint.refresh_from_db()
        assert endpoint.status == "on"
    with later(days=5, hours=1):
        joined(program, 3)
        deliver_webhooks(endpoint_id=endpoint.pk)
        endpoint.refresh_from_db()
        assert endpoint.status == "failing"
        work()
        assert [m.to for m in told()] == [["owner@example.com"]]
        with pytest.raises(NotPossibleNow):
            replay_failed_webhooks(endpoint=endpoint)
        receiver.plan = []
        update_webhook_endpoint(endpoint=endpoint, enabled=True)
        assert (endpoint.status, endpoint.failing_since) == ("on", None)
        assert replay_failed_webhooks(endpoint=endpoint) == 0  # none was given up yet
        resume_webhooks()
        assert replay_failed_webhooks(endpoint=endpoint, since=timezone.now() - timedelta(days=4)) == 0
        assert replay_failed_webhooks(endpoint=endpoint) == 1
        deliver_webhooks(endpoint_id=endpoint.pk)
    assert states(endpoint)[0] == ("delivered", 1)


def test_nobody_is_told_of_an_endpoint_that_is_on_again(receiver, subscribed, django_user_model):
    owners(django_user_model)
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    receiver.plan = [410]
    deliver_webhooks(endpoint_id=endpoint.pk)
    update_webhook_endpoint(endpoint=endpoint, enabled=True)
    work()
    assert told() == []


def test_one_message_is_sent_again_with_its_old_id(receiver, subscribed):
    endpoint, secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    deliver_webhooks(endpoint_id=endpoint.pk)
    delivery = WebhookDelivery.objects.get()
    assert replay_webhook_delivery(delivery=delivery)
    assert (delivery.state, delivery.tries) == ("waiting", 0)
    deliver_webhooks(endpoint_id=endpoint.pk)
    assert receiver.ids == [delivery.message_id] * 2
    assert receiver.verified(secret)[0] == receiver.verified(secret)[1]
    update_webhook_endpoint(endpoint=endpoint, enabled=False)
    delivery.refresh_from_db()
    with pytest.raises(NotPossibleNow):
        replay_webhook_delivery(delivery=delivery)
    assert states(endpoint) == [("delivered", 1)]


def test_a_test_is_sent_once_and_changes_nothing_else(receiver, subscribed):
    endpoint, secret = subscribed(**only("referrer.joined"))
    update_webhook_endpoint(endpoint=endpoint, enabled=False)
    sent = send_test_webhook(endpoint=endpoint)
    work()
    assert receiver.verified(secret) == [
        {**receiver.verified(secret)[0], "type": "webhook.test", "data": {}, "id": sent.message_id}
    ]
    receiver.plan = [410]
    send_test_webhook(endpoint=endpoint)
    work()
    with later(minutes=5):
        resume_webhooks()
        work()
    assert states(endpoint) == [("delivered", 1), ("failed", 1)]
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.failing_since) == ("off", None)
    assert not flow.send_test_webhook_now(delivery_id=sent.pk)
    update_webhook_endpoint(endpoint=endpoint, enabled=True)
    assert not replay_webhook_delivery(delivery=sent)
    assert len(receiver.came) == 2


def test_both_secrets_sign_while_they_overlap(receiver, subscribed):
    endpoint, old = subscribed(**only("referrer.joined"))
    program = make_program()
    new = rotate_webhook_secret(endpoint=endpoint, overlap=timedelta(hours=2))
    joined(program, 1)
    deliver_webhooks(endpoint_id=endpoint.pk)
    assert receiver.verified(old) == receiver.verified(new)
    assert old.encode() not in bytes(endpoint.secret) + bytes(endpoint.old_secret)
    with later(hours=3):
        receiver.came.clear()
        joined(program, 2)
        deliver_webhooks(endpoint_id=endpoint.pk)
        assert len(receiver.verified(new)) == 1
        with pytest.raises(WebhookVerificationError):
            receiver.verified(old)
        assert forget_expired() == 1
    endpoint.refresh_from_db()
    assert (endpoint.old_secret, endpoint.old_secret_until) == (None, None)
    with pytest.raises(InvalidInput):
        rotate_webhook_secret(endpoint=endpoint, overlap=timedelta(days=31))


def test_a_secret_that_cannot_be_read_is_said_so(receiver, subscribed, settings):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    settings.SECRET_KEY = "another" * 10
    deliver_webhooks(endpoint_id=endpoint.pk)
    assert WebhookDelivery.objects.get().problem == "secret"
    assert receiver.came == []


def test_messages_are_forgotten_after_their_time(receiver, subscribed, settings):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    deliver_webhooks(endpoint_id=endpoint.pk)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "WEBHOOK_DAYS": 10, "ACTIVITY_DAYS": 90}
    with later(days=9):
        assert forget_expired() == 0
    with later(days=11):
        assert forget_expired() == 1
    assert states(endpoint) == []


def test_an_endpoint_that_is_deleted_is_told_nothing_more(receiver, subscribed):
    endpoint, _secret = subscribed()
    pk = endpoint.pk
    program = make_program()
    joined(program, 1)
    delete_webhook_endpoint(endpoint=endpoint)
    joined(program, 2)
    assert deliver_webhooks(endpoint_id=pk) == 0
    assert (WebhookDelivery.objects.count(), receiver.came) == (0, [])


def test_an_endpoint_that_is_deleted_while_it_is_called_breaks_nothing(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    pk, program = endpoint.pk, make_program()
    joined(program, 1), joined(program, 2)
    delivery = sending.claim_next(sending.take_lease(endpoint_id=pk))
    answer = sending.send(delivery)
    delete_webhook_endpoint(endpoint=endpoint)
    assert sending.record(delivery=delivery, answer=answer) is None
    assert (WebhookDelivery.objects.count(), len(receiver.came)) == (0, 1)


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_what_happens_while_an_endpoint_is_deleted_has_happened(receiver, subscribed):
    endpoint, _secret = subscribed(**only("referrer.joined"))
    program = make_program()

    def delete():
        delete_webhook_endpoint(endpoint=endpoint)
        connection.close()

    with transaction.atomic():
        referrer = joined(program)
        other = threading.Thread(target=delete)
        other.start()
        other.join(10)
        assert not other.is_alive()
    assert Referrer.objects.get() == referrer
    assert (WebhookEndpoint.objects.count(), resume_webhooks()) == (0, 0)


def test_a_site_has_so_many_endpoints_and_no_more(receiver, subscribed, monkeypatch):
    monkeypatch.setattr(services, "MAX_ENDPOINTS", 1)
    subscribed()
    with pytest.raises(NotPossibleNow):
        subscribed()
    assert WebhookEndpoint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_add_the_last_endpoint_at_once_one_does(receiver, subscribed, monkeypatch):
    monkeypatch.setattr(services, "MAX_ENDPOINTS", 1)

    def add(_n):
        try:
            return subscribed()[0].pk
        except NotPossibleNow:
            return None

    assert len([pk for pk in at_once(add, threads=6) if pk]) == WebhookEndpoint.objects.count() == 1
