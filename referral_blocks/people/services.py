"""Writes people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput, gathering
from referral_blocks.core.text import clean_email, clean_name, clean_text

from .models import KnownCustomer, Person, PersonKind

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


def phone_key(phone: str) -> str:
    """The form in which two spellings of one number are equal: its digits, without the sign and zeros in front.

    Numbers with and without a country code stay different: which country is meant is not known.
    """
    return "".join(c for c in phone if c.isdecimal()).lstrip("0")


@dataclass(frozen=True, slots=True)
class Particulars:
    """What somebody says of themselves, fit to be stored; an empty ``kind`` is the usual one."""

    email: str
    name: str
    phone: str
    locale: str
    kind: str
    country: str


def clean_particulars(
    *, email: str, name: str = "", phone: str = "", locale: str = "", kind: str = "", country: str = ""
) -> Particulars:
    """Asks nobody, so that it says the same of everybody. Raises InvalidInput with all that is wrong, in this order:
    paths ``email``, ``name``, ``phone``, ``kind``, ``country``."""
    with gathering() as mistakes:
        with mistakes.check():
            address = clean_email(email)
        with mistakes.check():
            called = clean_name(name)
        with mistakes.check():
            number = clean_text(phone, max_length=32, path=("phone",), required=False)
        with mistakes.check():
            what = _kind(kind)
        with mistakes.check():
            where = _country(country)
    return Particulars(email=address, name=called, phone=number, locale=locale[:12], kind=what, country=where)


def get_or_create_person(*, given: Particulars) -> Person:
    """The Person with this address. A known one is returned as it is: anybody can type anybody's address into a
    form."""
    person, _created = Person.objects.get_or_create(
        email_key=email_key(given.email),
        defaults={
            "email": given.email,
            "mailbox_key": mailbox_key(given.email),
            "name": given.name,
            "phone": given.phone,
            "phone_key": phone_key(given.phone),
            "locale": given.locale,
            "country": given.country,
            **({"kind": given.kind} if given.kind else {}),
        },
    )
    return person


def _country(code: str) -> str:
    upper = code.strip().upper()
    if upper and not (len(upper) == 2 and upper.isascii() and upper.isalpha()):
        raise InvalidInput(_("Use a country’s two letters, such as GB."), code="invalid_country", path=("country",))
    return upper


def _kind(kind: str) -> str:
    if kind and kind not in PersonKind.values:
        raise InvalidInput(_("Use “person” or “business”."), code="invalid_kind", path=("kind",))
    return kind


def mark_email_verified(*, person: Person) -> None:
    """Note that the person opened a link that only their mailbox got; the first time counts."""
    Person.objects.filter(pk=person.pk, email_verified_at=None).update(email_verified_at=timezone.now())


def add_known_customers(*, site_id: int, hashes: Iterable[str]) -> int:
    """Keep the hashes that are not kept yet; returns how many those were. Safe for simultaneous callers: the unique
    key decides, and a hash that another caller adds meanwhile may be counted by both."""
    wanted = set(hashes)
    customers = KnownCustomer.objects.filter(site_id=site_id)
    new = wanted - set(customers.filter(contact_hash__in=wanted).values_list("contact_hash", flat=True))
    KnownCustomer.objects.bulk_create(
        [KnownCustomer(site_id=site_id, contact_hash=value) for value in sorted(new)], ignore_conflicts=True
    )
    return len(new)
