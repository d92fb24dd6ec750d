"""The outbox: messages are written in the transaction of what they tell of, sent later, and forgotten in the end."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.core.conf import get_conf

from .kinds import KINDS, TEST, message, test_message
from .models import DeliveryState, Status, WebhookDelivery, WebhookEndpoint
from .waking import wake_on_commit

TEST_TASK = "referral_blocks.flows.tasks.send_test_webhook"
# Between tries; each is made up to a tenth longer, so that those that failed together do not come back together. The
# last try is about three days after the first.
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720, 1440, 1680))
MAX_TRIES = len(WAITS) + 1
# What waits longer, because its endpoint rests or is off, is given up as well.
PATIENCE = timedelta(days=4)
TEST_PATIENCE = timedelta(minutes=15)


def make_deliveries(
    *, site_id: int, kind: str, event_id: uuid.UUID, subject: str, key: object, program: object, at: datetime
) -> int:
    """One message to each endpoint of the site that wants this kind, in the caller's transaction; returns how many.
    One query where there is no endpoint."""
    if kind not in KINDS:
        return 0
    endpoints = WebhookEndpoint.objects.filter(site_id=site_id, status=Status.ON).only("pk", "kinds")
    wanting = [endpoint.pk for endpoint in endpoints if not endpoint.kinds or kind in endpoint.kinds]
    if not wanting:
        return 0
    message_id = str(event_id)  # the event’s, as the feed of the API says it
    body = message(message_id=message_id, kind=kind, at=at, subject=subject, key=key, program=program)
    now = timezone.now()
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            endpoint_id=pk, message_id=message_id, kind=kind, body=body, next_try_at=now, give_up_at=now + PATIENCE
        )
        for pk in wanting
    )
    for pk in wanting:
        wake_on_commit(pk)
    return len(wanting)


def make_test(*, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """A message about nothing, tried once and whatever the endpoint's status; its task is queued."""
    now = timezone.now()
    message_id = str(uuid.uuid4())
    with transaction.atomic():
        delivery = WebhookDelivery.objects.create(
            endpoint=endpoint,
            message_id=message_id,
            kind=TEST,
            body=test_message(message_id=message_id, at=now),
            is_test=True,
            give_up_at=now + TEST_PATIENCE,
        )
        queue.enqueue(TEST_TASK, delivery.pk)
    return delivery


def replay(*, endpoint: WebhookEndpoint, delivery_id: int | None = None, since: datetime | None = None) -> int:
    """Send again one message, or all that were given up of those made since then; same ids, same bodies. Returns how
    many. One that is on its way is tried now."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint, is_test=False)
    rows = rows.filter(pk=delivery_id) if delivery_id is not None else rows.filter(state=DeliveryState.FAILED)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    now = timezone.now()
    with transaction.atomic():
        count = rows.update(
            state=DeliveryState.WAITING, tries=0, next_try_at=now, give_up_at=now + PATIENCE, delivered_at=None
        )
        if count:
            wake_on_commit(endpoint.pk)
    return count


def give_up_old(*, limit: int) -> int:
    """What has waited too long is failed; returns how many."""
    over = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, give_up_at__lte=timezone.now())
    keys = list(over.order_by("pk")[:limit].values_list("pk", flat=True))
    mine = WebhookDelivery.objects.filter(pk__in=keys, state=DeliveryState.WAITING)
    return mine.update(state=DeliveryState.FAILED, next_try_at=None)


def forget_deliveries(*, limit: int) -> int:
    """Delete messages that are past their time, done or not; returns how many."""
    before = timezone.now() - timedelta(days=get_conf().WEBHOOK_DAYS)
    old = WebhookDelivery.objects.filter(created_at__lt=before).order_by("pk")[:limit]
    return WebhookDelivery.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
