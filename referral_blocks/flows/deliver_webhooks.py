"""What has happened is told to other systems: each message at least once, in no promised order.

A dead endpoint costs a worker one time-out, then rests, and longer each time; a slow one costs a slice of time, then
the others have their turn. Payouts never wait for more than that.
"""

from __future__ import annotations

import time

from django.db import transaction
from django.urls import reverse

from referral_blocks.core import queue
from referral_blocks.emails.staff import mail_staff
from referral_blocks.webhooks.endpoints.models import Status, WebhookDelivery, WebhookEndpointChange
from referral_blocks.webhooks.endpoints.outbox import give_up_old
from referral_blocks.webhooks.endpoints.sending import claim_next, claim_test, record, release, send, take_lease
from referral_blocks.webhooks.endpoints.waking import begin_task, queue_task, requeue_due

TELL_TASK = "referral_blocks.flows.tasks.tell_staff_of_webhook"
SLICE_SECONDS = 15.0  # after which no further message is begun
BATCH = 500
RIGHTS = ("change_webhookendpoint",)


def deliver_webhooks(*, endpoint_id: int) -> int:
    """Send what is due to this endpoint, for a slice of time; returns how many tries were made. Safe to run twice, also
    at the same time: whoever comes second does nothing. A crash after a message was sent sends it again, with the same
    id."""
    begin_task(endpoint_id)
    ends, tries = time.monotonic() + SLICE_SECONDS, 0
    # Again after the lease is given back: what was written in between may have found it taken.
    while time.monotonic() < ends and (lease := take_lease(endpoint_id=endpoint_id)):
        try:
            while time.monotonic() < ends and (delivery := claim_next(lease)):
                _try(delivery)
                tries += 1
        finally:
            release(lease)
    if time.monotonic() >= ends:
        queue_task(endpoint_id)  # behind what else waits
    return tries


def send_test_webhook_now(*, delivery_id: int) -> bool:
    """The one try of a test; False when somebody has made it."""
    delivery = claim_test(delivery_id=delivery_id)
    if delivery is None:
        return False
    _try(delivery)
    return True


def _try(delivery: WebhookDelivery) -> None:
    answer = send(delivery)
    # Both or neither: whoever is switched off without a word would stay off.
    with transaction.atomic():
        change = record(delivery=delivery, answer=answer)
        if change is not None:
            queue.enqueue(TELL_TASK, change.pk)


def resume_webhooks() -> int:
    """Queue what is due again or whose task was lost, and give up what has waited too long; returns how many tasks."""
    while give_up_old(limit=BATCH) == BATCH:
        pass
    return requeue_due(limit=BATCH)


def tell_staff_of_webhook(*, change_id: int) -> int:
    """One mail to each who can switch the endpoint on again; returns how many. None when it is on already or gone."""
    rows = WebhookEndpointChange.objects.select_related("subject__site")
    change = rows.filter(pk=change_id).exclude(subject__status=Status.ON).first()
    if change is None:
        return 0
    return mail_staff(
        kind="webhook_off",
        rights=RIGHTS,
        context={"endpoint": change.subject, "last": change.subject.deliveries.order_by("-tried_at").first()},
        path=reverse("referral_webhooks:inspect", args=[change.subject_id]),
    )
