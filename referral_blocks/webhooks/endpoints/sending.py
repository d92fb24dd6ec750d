"""Who sends what when: one worker at a time to an endpoint, each try counted beforehand, and what comes of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from referral_blocks.core.conf import get_conf
from referral_blocks.core.crypto import CannotDecrypt
from referral_blocks.core.states import change_state, lock

from .exchange import Answer, post
from .models import DeliveryState, Problem, Status, WebhookDelivery, WebhookEndpoint, WebhookEndpointChange
from .outbox import MAX_TRIES, WAITS
from .services import ALLOWED
from .signing import headers_of
from .waking import due, open_endpoints

LEASE = timedelta(seconds=90)  # above the longest exchange
FIRST_REST, LONGEST_REST = timedelta(seconds=10), timedelta(minutes=10)


@dataclass(slots=True)
class Lease:
    """This worker sends to the endpoint, until then; each claim renews it."""

    endpoint_id: int
    until: datetime


def take_lease(*, endpoint_id: int) -> Lease | None:
    """The right to send, if it is free and something is due. Two workers at once: one gets it."""
    until = timezone.now() + LEASE
    mine = open_endpoints().filter(pk=endpoint_id).update(leased_until=until)
    return Lease(endpoint_id, until) if mine else None


def release(lease: Lease) -> None:
    """Let the next one send."""
    WebhookEndpoint.objects.filter(pk=lease.endpoint_id, leased_until=lease.until).update(leased_until=None)


def claim_next(lease: Lease) -> WebhookDelivery | None:
    """The message that has been due for longest, with its try counted and the next one put off, and the lease renewed;
    None when nothing is due, the endpoint rests or was switched off, or the lease is lost."""
    now = timezone.now()
    with transaction.atomic():
        mine = WebhookEndpoint.objects.filter(
            Q(resting_until=None) | Q(resting_until__lte=now),
            pk=lease.endpoint_id,
            leased_until=lease.until,
            leased_until__gt=now,
            status=Status.ON,
        )
        until = now + LEASE
        if not mine.update(leased_until=until):
            return None
        lease.until = until
        rows = due().filter(endpoint_id=lease.endpoint_id).select_related("endpoint")
        delivery = rows.order_by("next_try_at", "pk").first()
        return delivery if delivery is not None and _count_try(delivery) else None


def claim_test(*, delivery_id: int) -> WebhookDelivery | None:
    """A test that nobody has tried yet; it is tried once."""
    rows = WebhookDelivery.objects.filter(is_test=True, state=DeliveryState.WAITING, tries=0)
    delivery = rows.select_related("endpoint").filter(pk=delivery_id).first()
    return delivery if delivery is not None and _count_try(delivery) else None


def _count_try(delivery: WebhookDelivery) -> bool:
    now = timezone.now()
    again = None if delivery.is_test else next_try(delivery.tries, now)
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, tries=delivery.tries)
    if not mine.update(tries=F("tries") + 1, tried_at=now, next_try_at=again):
        return False
    delivery.tries, delivery.tried_at, delivery.next_try_at = delivery.tries + 1, now, again
    return True


def next_try(tries: int, now: datetime) -> datetime:
    """When it is tried again if this try, after ``tries`` others, fails or is never heard of again."""
    wait = WAITS[min(tries, len(WAITS) - 1)]
    return now + wait * (1 + random.random() / 10)  # noqa: S311 - spreads the load, hides nothing


def send(delivery: WebhookDelivery) -> Answer:
    """One exchange, outside any transaction."""
    endpoint = delivery.endpoint
    try:
        headers = headers_of(endpoint, delivery)
    except CannotDecrypt:
        return Answer(Problem.SECRET)
    return post(endpoint.url, headers=headers, body=delivery.body.encode())


def record(*, delivery: WebhookDelivery, answer: Answer) -> WebhookEndpointChange | None:
    """Keep what came of the try, unless another try was begun meanwhile or the endpoint was deleted; returns the line
    of the audit trail when it switched the endpoint off."""
    now = timezone.now()
    with transaction.atomic():
        endpoint = delivery.endpoint
        try:
            lock(endpoint)
        except WebhookEndpoint.DoesNotExist:
            return None
        if not _keep(delivery, answer, now) or delivery.is_test:
            return None
        if not answer.problem:
            if endpoint.failing_since or endpoint.strikes:
                endpoint.failing_since, endpoint.strikes, endpoint.resting_until = None, 0, None
                endpoint.save(update_fields=["failing_since", "strikes", "resting_until"])
            return None
        return _note_failure(endpoint, answer, now)


def _keep(delivery: WebhookDelivery, answer: Answer, now: datetime) -> bool:
    said: dict[str, Any] = {
        "status_code": answer.status_code,
        "problem": answer.problem,
        "answer": answer.text,
        "milliseconds": answer.milliseconds,
    }
    if not answer.problem:
        said |= {"state": DeliveryState.DELIVERED, "delivered_at": now, "next_try_at": None}
    elif delivery.is_test or delivery.tries >= MAX_TRIES or answer.status_code == 410:
        said |= {"state": DeliveryState.FAILED, "next_try_at": None}
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, tries=delivery.tries)
    return bool(mine.update(**said))


def _note_failure(endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> WebhookEndpointChange | None:
    endpoint.failing_since = endpoint.failing_since or now
    if answer.nobody_there:
        endpoint.strikes += 1
        endpoint.resting_until = now + min(FIRST_REST * 2 ** min(endpoint.strikes - 1, 10), LONGEST_REST)
    endpoint.save(update_fields=["failing_since", "strikes", "resting_until"])
    if answer.status_code == 410:
        return _switch_off(endpoint, Status.GONE)
    if endpoint.failing_since <= now - timedelta(days=get_conf().WEBHOOK_OFF_AFTER_DAYS):
        return _switch_off(endpoint, Status.FAILING)
    return None


def _switch_off(endpoint: WebhookEndpoint, to: Status) -> WebhookEndpointChange | None:
    if endpoint.status != Status.ON:
        return None
    change_state(
        endpoint, to, allowed=ALLOWED, audit=WebhookEndpointChange, reason=f"webhook_{to.value}", field="status"
    )
    return endpoint.changes.latest("pk")
