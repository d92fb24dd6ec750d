"""Mail to people who work in the admin: to each who has a right that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.utils import translation

APP = "referral_blocks"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def mail_staff(*, kind: str, rights: Iterable[str], context: Mapping[str, Any], path: str) -> int:
    """Send the mail ``kind``, in the site's language, to every active user with any of ``rights``; returns to
    how many. ``path`` is the admin page where something can be done about it."""
    addresses = sorted(_addresses(rights))
    base = getattr(settings, "WAGTAILADMIN_BASE_URL", "") or ""
    with translation.override(settings.LANGUAGE_CODE):
        said = {**context, "url": base.rstrip("/") + path}
        name = f"referral_blocks/emails/staff/{kind}"
        subject = " ".join(render_to_string(f"{name}_subject.txt", said).split())
        text = render_to_string(f"{name}.txt", said)
    # One each: nobody reads who else has the right.
    messages = [EmailMessage(subject=subject, body=text, to=[address]) for address in addresses]
    if messages:
        get_connection().send_messages(messages)
    return len(messages)


def _addresses(rights: Iterable[str]) -> set[str]:
    users = get_user_model()._default_manager
    found: set[str] = set()
    for right in rights:
        holders = users.with_perm(f"{APP}.{right}", backend=BACKEND)
        found |= {user.email for user in holders if user.email}
    return found
