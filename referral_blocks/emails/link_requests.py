"""Addresses that somebody typed to be mailed a link, until the queue has looked them up.

Whoever asks waits only for a row to be written, the same for every address, so that no clock tells which are known.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.crypto import CannotDecrypt, decrypt, encrypt

from .models import first_retry

LOOK_UP_TASK = "referral_blocks.flows.tasks.answer_link_request"
KEPT = timedelta(hours=1)  # a link that comes later helps nobody: they have asked again


class LinkRequest(models.Model):
    """``kind`` says which mail, ``subject_id`` for which programme or site; the row goes once it was looked up."""

    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    address = models.BinaryField()  # encrypted: nobody reads here who has been asked for
    return_to = models.CharField(max_length=500, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=first_retry)  # when the sweeper queues it again
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("request for a link")
        verbose_name_plural = _("requests for a link")

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject_id}"


def ask_for_link(*, kind: str, subject_id: int, address: str, return_to: str = "") -> None:
    """Keep the request and queue its looking up: two rows, whatever the address."""
    with transaction.atomic():
        request = LinkRequest.objects.create(
            kind=kind, subject_id=subject_id, address=encrypt(address), return_to=return_to
        )
        queue.enqueue(LOOK_UP_TASK, request.pk)


def address_of(request: LinkRequest) -> str:
    """What was typed; empty where its encryption key was taken away."""
    try:
        return decrypt(request.address)
    except CannotDecrypt:
        return ""


def requeue_link_requests(*, limit: int) -> int:
    """Queue those whose task was lost or failed, oldest first; returns how many. Each try waits twice as long."""
    now = timezone.now()
    due = LinkRequest.objects.filter(next_try_at__lte=now, created_at__gt=now - KEPT).order_by("pk")
    count = 0
    for request in due.only("tries", "next_try_at")[:limit]:
        with transaction.atomic():
            later = now + timedelta(minutes=2 ** (request.tries + 2))
            # Guarded by the old value: two sweepers at once queue it once.
            free = LinkRequest.objects.filter(pk=request.pk, next_try_at=request.next_try_at)
            if free.update(next_try_at=later, tries=F("tries") + 1):
                queue.enqueue(LOOK_UP_TASK, request.pk)
                count += 1
    return count


def forget_link_requests(*, limit: int) -> int:
    """Delete what nobody has looked up for KEPT; returns how many."""
    old = LinkRequest.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("pk")[:limit]
    return LinkRequest.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
