"""Somebody asks for the way to their data: a link to their own mailbox, whoever types the address."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from referral_blocks.core.text import clean_email
from referral_blocks.emails.compose import YOUR_DATA
from referral_blocks.emails.link_requests import ask_for_link
from referral_blocks.emails.models import Email
from referral_blocks.emails.services import request_email
from referral_blocks.people.models import Person
from referral_blocks.people.services import email_key

PAUSE, DAY, A_DAY = timedelta(minutes=10), timedelta(days=1), 10


def request_data_link(*, site_id: int, email: str) -> None:
    """Have the link to their data's page, on this site, mailed if the address is known, to a referrer or a friend; the
    answer and the work for it are the same if it is not. Raises InvalidInput."""
    ask_for_link(kind=YOUR_DATA, subject_id=site_id, address=clean_email(email))


def mail_data_link(*, site_id: int, email: str) -> None:
    """Mail it if somebody has the address, in the caller's transaction; at most one in ten minutes and ten a day."""
    person = Person.objects.filter(email_key=email_key(email), erased_at=None).first()
    if person is None:
        return
    now = timezone.now()
    sent = Email.objects.filter(kind=YOUR_DATA, person=person)
    if sent.filter(created_at__gt=now - PAUSE).exists() or sent.filter(created_at__gt=now - DAY).count() >= A_DAY:
        return
    # The slot makes two at the same moment one.
    slot = int(now.timestamp() // PAUSE.total_seconds())
    request_email(key=f"{YOUR_DATA}:{person.pk}:{slot}", kind=YOUR_DATA, person=person, subject_id=site_id)
