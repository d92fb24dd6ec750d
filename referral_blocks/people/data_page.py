"""Addresses by which somebody sees, takes along and erases their data: signed, short-lived, of one person each."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from referral_blocks.core.tokens import make_token, read_token

from .models import Person

PAGE, FILE = "your-data", "your-data-file"
# Long enough for a slow mailbox, short enough that a mail found later erases nobody.
PAGE_SECONDS = 3600
FILE_SECONDS = 600


def make_page_token(*, person: Person, site_id: int) -> str:
    """For a mail to the person's own mailbox, nowhere else: whoever has it can read and erase everything."""
    return make_token(PAGE, [person.public_id.hex, site_id])


def read_page_token(token: str, *, site_id: int) -> Person | None:
    """Whose mailbox the token was sent to; None for one that is forged, too old, of another site, or of somebody who
    has been erased."""
    return _person(PAGE, token, site_id, PAGE_SECONDS)


def page_url(*, person: Person, site: Any) -> str:
    """The page of the token, on this Wagtail site."""
    token = make_page_token(person=person, site_id=site.pk)
    return site.root_url + reverse("referral_blocks:your_data_page", args=[token])


def file_url(*, person: Person, site: Any) -> tuple[str, datetime]:
    """Where the file of everything is made and handed out, and until when; for a verified session of the person."""
    token = make_token(FILE, [person.public_id.hex, site.pk])
    path = reverse("referral_blocks:your_data_file", args=[token])
    return site.root_url + path, timezone.now() + timedelta(seconds=FILE_SECONDS)


def read_file_token(token: str, *, site_id: int) -> Person | None:
    """Whose file it is; None as for ``read_page_token``."""
    return _person(FILE, token, site_id, FILE_SECONDS)


def _person(purpose: str, token: str, site_id: int, seconds: int) -> Person | None:
    payload = read_token(purpose, token, max_age=seconds)
    if not isinstance(payload, list) or len(payload) != 2 or payload[1] != site_id:
        return None
    return Person.objects.filter(public_id=uuid.UUID(hex=payload[0]), erased_at=None).first()
