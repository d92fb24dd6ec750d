"""Erases a person's own row: what is left of it is a pseudonym that the ledger and the statistics hang on."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from referral_blocks.core.hashing import keyed_hash

from .models import ErasedMailbox, Person, PersonErasure
from .services import mailbox_key

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PURPOSE = "erased"


def mailbox_hash(email: str) -> str:
    """What is kept of an erased mailbox: whoever has the address can ask, and nobody can read it out."""
    return keyed_hash(PURPOSE, mailbox_key(email)) if email.strip() else ""


def lock_person(*, person_id: int) -> Person:
    """The person, locked whole: also who is about to hang a new row on them waits. Inside a transaction, and before
    any other lock."""
    return Person.objects.select_for_update().get(pk=person_id)


def begin_erasure(*, person: Person, reason: str, gives_up: bool, no_mail: bool, actor: User | None) -> PersonErasure:
    """Write the audit row and let go of the address: nobody finds this person by it from now on, and who joins with it
    is somebody new. The caller holds the lock of ``lock_person``."""
    person.erased_at = timezone.now()
    person.email_key = person.mailbox_key = f"erased:{person.pk}"
    person.phone_key = ""
    person.save(update_fields=["erased_at", "email_key", "mailbox_key", "phone_key"])
    return PersonErasure.objects.create(person=person, reason=reason, gives_up=gives_up, no_mail=no_mail, actor=actor)


def finish_erasure(*, erasure: PersonErasure, was_customer: bool) -> bool:
    """Empty the person's row and close the erasure, in one transaction; False when it was closed before."""
    with transaction.atomic():
        person = lock_person(person_id=erasure.person_id)
        if not PersonErasure.objects.filter(pk=erasure.pk, done_at=None).update(done_at=timezone.now()):
            return False
        if was_customer or erasure.no_mail:
            _remember(person.email, was_customer=was_customer, no_mail=erasure.no_mail)
        Person.objects.filter(pk=person.pk).update(
            # Addresses of pages of theirs were made from it.
            public_id=uuid.uuid4(),
            email="",
            name="",
            phone="",
            country="",
            locale="",
            email_verified_at=None,
        )
    return True


def _remember(email: str, *, was_customer: bool, no_mail: bool) -> None:
    row, _created = ErasedMailbox.objects.get_or_create(contact_hash=mailbox_hash(email))
    row.was_customer |= was_customer
    row.no_mail |= no_mail
    row.save(update_fields=["was_customer", "no_mail"])


def is_not_to_be_written_to(*, email: str) -> bool:
    """Whether the owner of this mailbox had themselves erased and wants no mail any more."""
    return ErasedMailbox.objects.filter(contact_hash=mailbox_hash(email), no_mail=True).exists()


def erased_customers(*, email: str) -> QuerySet[ErasedMailbox]:
    """The mailbox, if its owner had bought as a friend before they had themselves erased; else nothing."""
    return ErasedMailbox.objects.filter(contact_hash=mailbox_hash(email), was_customer=True)


def write_again(*, email: str) -> bool:
    """The owner has said that they want mail after all; False when nothing stood against it."""
    return bool(ErasedMailbox.objects.filter(contact_hash=mailbox_hash(email), no_mail=True).update(no_mail=False))
