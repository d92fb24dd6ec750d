"""The Person: one human, and the only row with personal data."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


def first_name(name: str) -> str:
    """What somebody is called: the first word of the name, not longer than names are."""
    return name.split(maxsplit=1)[0][:40] if name.strip() else ""


class PersonKind(models.TextChoices):
    PERSON = "person", _("A person")
    BUSINESS = "business", _("A business")


class Person(models.Model):
    """Somebody with an e-mail address, whichever sides of however many programmes they are on."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254)
    # What makes a person unique: the address in lower case.
    email_key = models.CharField(max_length=254, unique=True, editable=False)
    # What shows that two addresses reach one mailbox; compared, never mailed to.
    mailbox_key = models.CharField(max_length=254, db_index=True, editable=False)
    email_verified_at = models.DateTimeField(_("e-mail verified"), null=True, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    # What shows that two spellings of a phone number are one: its digits.
    phone_key = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=PersonKind.choices, default=PersonKind.PERSON)
    country = models.CharField(_("country"), max_length=2, blank=True)  # ISO 3166-1 alpha-2
    locale = models.CharField(_("language"), max_length=12, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def first_name(self) -> str:
        return first_name(self.name)


class KnownCustomer(models.Model):
    """Somebody who was a site's customer before any referral; kept as keyed hashes, so that the list names nobody."""

    site = models.ForeignKey("wagtailcore.Site", on_delete=models.CASCADE, related_name="+")
    contact_hash = models.CharField(max_length=32)  # of the mailbox, or of the phone's digits
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "contact_hash"], name="rb_customer_once_per_site")]

    def __str__(self) -> str:
        return self.contact_hash[:8]
