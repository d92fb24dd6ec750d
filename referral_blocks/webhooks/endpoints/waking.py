"""Which endpoints something is due for, and the tasks that send it: one in the queue for an endpoint, however much
happens, so that nothing else waits behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connections, router, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from referral_blocks.core import queue

from .models import DeliveryState, Status, WebhookDelivery, WebhookEndpoint

DELIVER_TASK = "referral_blocks.flows.tasks.deliver_webhooks"
QUEUED = timedelta(minutes=15)  # a task that has not begun by then was lost


def due() -> QuerySet[WebhookDelivery]:
    """What is to be tried now."""
    return WebhookDelivery.objects.filter(state=DeliveryState.WAITING, next_try_at__lte=timezone.now())


def open_endpoints() -> QuerySet[WebhookEndpoint]:
    """Those that are on, do not rest, that nobody sends to now, and that something is due for."""
    now = timezone.now()
    return WebhookEndpoint.objects.filter(
        Q(resting_until=None) | Q(resting_until__lte=now),
        Q(leased_until=None) | Q(leased_until__lte=now),
        Exists(due().filter(endpoint=OuterRef("pk"))),
        status=Status.ON,
    )


def queue_task(endpoint_id: int) -> bool:
    """Queue the endpoint's task, unless nothing is due, it waits in the queue already, or somebody sends: whoever does
    looks again after giving back the lease."""
    now = timezone.now()
    free = Q(queued_at=None) | Q(queued_at__lte=now - QUEUED)
    with transaction.atomic():
        if not open_endpoints().filter(free, pk=endpoint_id).update(queued_at=now):
            return False
        queue.enqueue(DELIVER_TASK, endpoint_id)
    return True


def begin_task(endpoint_id: int) -> None:
    """The task has left the queue: what happens from now on queues another one."""
    WebhookEndpoint.objects.filter(pk=endpoint_id).exclude(queued_at=None).update(queued_at=None)


def requeue_due(*, limit: int) -> int:
    """Queue the tasks of endpoints that something is due for; returns how many."""
    keys = list(open_endpoints().order_by("pk").values_list("pk", flat=True)[:limit])
    return sum(queue_task(pk) for pk in keys)


@dataclass(frozen=True, slots=True)
class _Wake:
    """Equal for equal endpoints, so that a transaction wakes each once."""

    endpoint_id: int

    def __call__(self) -> None:
        queue_task(self.endpoint_id)


def wake_on_commit(endpoint_id: int) -> None:
    """Queue the endpoint's task once the caller's transaction is committed. If the process ends in between, the sweeper
    finds what is due within a minute."""
    using = router.db_for_write(WebhookDelivery)
    wake = _Wake(endpoint_id)
    if any(hook[1] == wake for hook in connections[using].run_on_commit):
        return
    transaction.on_commit(wake, using=using, robust=True)
