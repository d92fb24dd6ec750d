"""Asks for mail and sends it: at least once, and once when nothing crashes."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.people.models import Person

from .compose import compose
from .models import Email

logger = logging.getLogger(__name__)

SEND_TASK = "referral_blocks.flows.tasks.send_email"
LEASE = timedelta(minutes=5)  # longer than any mail server's time-out
MAX_TRIES = 8


def request_email(*, key: str, kind: str, person: Person, subject_id: int) -> Email:
    """Queue a mail in the caller's transaction; the same ``key`` is sent once, however often it is asked for."""
    email, created = Email.objects.get_or_create(
        key=key, defaults={"kind": kind, "person": person, "subject_id": subject_id}
    )
    if created:
        queue.enqueue(SEND_TASK, email.pk)
    return email


def send_email(*, email_id: int) -> bool:
    """Send one mail; False when it was sent, is being sent, or has failed too often.

    The lease keeps two workers from sending it at once. A crash between sending and noting it sends it again after the
    lease, with the same Message-ID: a mail twice is better than a mail lost.
    """
    now = timezone.now()
    claimed = (
        Email.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), pk=email_id, sent_at=None, tries__lt=MAX_TRIES)
        .update(leased_until=now + LEASE, tries=F("tries") + 1)
    )  # fmt: skip
    if not claimed:
        return False
    email = Email.objects.select_related("person").get(pk=email_id)
    message = compose(email)
    if message is not None:
        message.send()
    Email.objects.filter(pk=email_id).update(sent_at=timezone.now(), leased_until=None)
    return True


def unsent_email_ids(*, limit: int) -> list[int]:
    """Mail whose task was lost or failed, oldest first; each try waits twice as long as the one before."""
    now = timezone.now()
    rows = Email.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), sent_at=None, tries__lt=MAX_TRIES)
    due = []
    for pk, tries, created_at in rows.order_by("pk").values_list("pk", "tries", "created_at")[: limit * 4]:
        if created_at + timedelta(minutes=2**tries) <= now:
            due.append(pk)
    return due[:limit]
