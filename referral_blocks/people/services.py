"""Writes people."""

from __future__ import annotations

from django.utils import timezone

from referral_blocks.core.text import clean_email, clean_name, clean_text

from .models import Person

# Mail hosts that ignore dots in the part before the @ (support.google.com/mail/answer/7436150).
DOTLESS_HOSTS = {"gmail.com", "googlemail.com"}


def email_key(email: str) -> str:
    """The form in which two spellings of one address are equal."""
    return email.strip().lower()


def mailbox_key(email: str) -> str:
    """The form in which two addresses of one mailbox are equal: no plus tag, no Gmail dots, no case."""
    local, _at, host = email_key(email).rpartition("@")
    local = local.split("+", 1)[0]
    if host in DOTLESS_HOSTS:
        local, host = local.replace(".", ""), "gmail.com"
    return f"{local}@{host}"


def get_or_create_person(*, email: str, name: str = "", phone: str = "", locale: str = "") -> Person:
    """The Person with this address. A known one is returned as it is: anybody can type anybody's address into a form.

    Raises InvalidInput with path ``email``, ``name`` or ``phone``.
    """
    address = clean_email(email)
    given = {
        "name": clean_name(name),
        "phone": clean_text(phone, max_length=32, path=("phone",), required=False),
        "locale": locale[:12],
    }
    person, _created = Person.objects.get_or_create(
        email_key=email_key(address), defaults={"email": address, "mailbox_key": mailbox_key(address), **given}
    )
    return person


def mark_email_verified(*, person: Person) -> None:
    """Note that the person opened a link that only their mailbox got; the first time counts."""
    Person.objects.filter(pk=person.pk, email_verified_at=None).update(email_verified_at=timezone.now())
