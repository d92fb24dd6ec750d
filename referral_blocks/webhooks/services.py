"""Takes in what providers tell us: believed or not, each message is counted, and a believed one is worked on once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.core.ratelimit import TooManyRequests, check_rate
from referral_blocks.payouts.provider import NotSupported, WebhookEvent, WebhookRefused
from referral_blocks.payouts.registry import payout_provider

from .models import EventCount, ProviderEvent

EVENT_TASK = "referral_blocks.flows.tasks.process_provider_event"
ACCEPTED, DUPLICATE, IGNORED = "accepted", "duplicate", "ignored"
REFUSED = ("forged", "stale", "malformed")
# What is not believed may be sent by anybody: only so many a minute cost a write to the database.
COUNTED = "600/minute"
KEPT = timedelta(days=90)
FIRST_WAIT, LONGEST_WAIT, MAX_TRIES = timedelta(minutes=1), timedelta(hours=6), 12


def receive(*, provider: str, headers: Mapping[str, str], body: bytes) -> str:
    """Verify a message over its raw ``body``, keep it by its id, and queue the task that works on it, in one
    transaction; returns what it counted as. A duplicate changes nothing. ``provider`` is a registered alias."""
    try:
        event = payout_provider(provider).read_webhook(headers, body)
    except WebhookRefused as refused:
        return _refused(provider, refused.reason)
    except NotSupported:
        return _refused(provider, "malformed")
    if not event.event_id or len(event.event_id) > 120:
        return _refused(provider, "malformed")
    with transaction.atomic():
        status = ACCEPTED if _keep(provider, event) else DUPLICATE
        count(provider=provider, what=status)
    return status


def _refused(provider: str, reason: str) -> str:
    what = reason if reason in REFUSED else "malformed"
    try:
        check_rate("webhook_refused", provider, limit=COUNTED)
    except TooManyRequests:
        return what
    with transaction.atomic():
        count(provider=provider, what=what)
    return what


def _keep(provider: str, event: WebhookEvent) -> bool:
    row, created = ProviderEvent.objects.get_or_create(
        provider=provider,
        event_id=event.event_id,
        defaults={
            "kind": event.kind[:120],
            "provider_ref": event.provider_ref[:120],
            "payout_id": event.payout_id[:36],
            "account": event.account[:120],
            "next_try_at": timezone.now() + FIRST_WAIT,
        },
    )
    if created:
        queue.enqueue(EVENT_TASK, row.pk)
    return created


def count(*, provider: str, what: str) -> None:
    """One more; any number at once add up. Inside a transaction."""
    day = timezone.now().date()
    mine = EventCount.objects.filter(provider=provider, day=day, what=what)
    if not mine.update(count=F("count") + 1):
        EventCount.objects.get_or_create(provider=provider, day=day, what=what)
        mine.update(count=F("count") + 1)


def claim_event(*, event_id: int) -> ProviderEvent | None:
    """The event, if it is still to be worked on; each try is counted before it is made, and the next one comes later.
    None for one that is done."""
    event = ProviderEvent.objects.filter(pk=event_id, done_at=None).first()
    if event is None:
        return None
    mine = ProviderEvent.objects.filter(pk=event.pk, done_at=None, tries=event.tries)
    again = _again(event.tries + 1)
    if not mine.update(tries=event.tries + 1, next_try_at=again):
        return None  # another worker has it
    event.tries, event.next_try_at = event.tries + 1, again
    return event


def finish_event(*, event: ProviderEvent, result: str) -> None:
    """It is done; what it came to is kept with it, and counted when nothing followed."""
    with transaction.atomic():
        open_ = ProviderEvent.objects.filter(pk=event.pk, done_at=None)
        done = open_.update(result=result[:40], done_at=timezone.now(), next_try_at=None)
        if done and result == IGNORED:
            count(provider=event.provider, what=IGNORED)


def _again(tries: int) -> datetime | None:
    if tries >= MAX_TRIES:
        return None
    return timezone.now() + min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)


def requeue_events(*, limit: int) -> int:
    """Queue the events whose task was lost or whose next try is due; returns how many."""
    now, count_ = timezone.now(), 0
    for event in ProviderEvent.objects.filter(next_try_at__lte=now, done_at=None).order_by("next_try_at")[:limit]:
        with transaction.atomic():
            # Guarded by the old value: two sweepers at once queue it once.
            mine = ProviderEvent.objects.filter(pk=event.pk, next_try_at=event.next_try_at)
            if mine.update(next_try_at=_again(max(event.tries, 1)) or now + LONGEST_WAIT):
                queue.enqueue(EVENT_TASK, event.pk)
                count_ += 1
    return count_


def forget_events(*, limit: int) -> int:
    """Delete messages that are older than 90 days, done or not; returns how many."""
    old = ProviderEvent.objects.filter(received_at__lt=timezone.now() - KEPT).order_by("pk")
    return ProviderEvent.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]
