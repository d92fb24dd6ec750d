"""Asks for mail and sends it: at least once, and once when nothing crashes."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.people.erasure import is_not_to_be_written_to
from referral_blocks.people.models import Person

from .compose import compose
from .models import Email

logger = logging.getLogger(__name__)

SEND_TASK = "referral_blocks.flows.tasks.send_email"
LEASE = timedelta(minutes=5)  # longer than EMAIL_TIMEOUT and the queue's own time-out
MAX_TRIES = 8


def request_email(*, key: str, kind: str, person: Person, subject_id: int, return_to: str = "") -> Email:
    """Queue a mail in the caller's transaction; the same ``key`` is sent once, however often it is asked for.
    ``return_to``: where its sign-in link leads, if not to the site's own page; the caller has checked it."""
    email, created = Email.objects.get_or_create(
        key=key, defaults={"kind": kind, "person": person, "subject_id": subject_id, "return_to": return_to}
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
    free = Email.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), sent_at=None, tries__lt=MAX_TRIES)
    claimed = free.filter(pk=email_id).update(leased_until=now + LEASE, tries=F("tries") + 1)
    if not claimed:
        return False
    email = Email.objects.select_related("person").get(pk=email_id)
    # Only here, so that it holds for every mail: an erased person has no address, or wants no mail to it.
    address = email.person.email
    message = None if not address or is_not_to_be_written_to(email=address) else compose(email)
    if message is not None:
        try:
            message.send()
        except Exception:
            _release(email)
            raise
    Email.objects.filter(pk=email_id).update(sent_at=timezone.now(), leased_until=None)
    return True


def _release(email: Email) -> None:
    """Free the mail for its next try; say so when that was the last."""
    Email.objects.filter(pk=email.pk).update(leased_until=None)
    if email.tries >= MAX_TRIES:
        logger.error("Mail %s (%s) is given up after %d tries", email.pk, email.kind, email.tries)


def requeue_unsent_emails(*, limit: int) -> int:
    """Queue the mails whose task was lost or failed, oldest first; returns how many. Each try waits twice as long."""
    now = timezone.now()
    due = Email.objects.filter(sent_at=None, tries__lt=MAX_TRIES, next_try_at__lte=now)
    count = 0
    for email in due.order_by("pk")[:limit]:
        with transaction.atomic():
            later = now + timedelta(minutes=2 ** (email.tries + 1))
            # Guarded by the old value: two sweepers at once queue it once.
            if Email.objects.filter(pk=email.pk, next_try_at=email.next_try_at).update(next_try_at=later):
                queue.enqueue(SEND_TASK, email.pk)
                count += 1
    return count
