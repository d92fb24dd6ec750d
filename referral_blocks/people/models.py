"""The Person: one human, and the only row with personal data."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


def first_name(name: str) -> str:
    """What somebody is called: the first word of the name, not longer than names are."""
    return name.split(maxsplit=1)[0][:40] if name.strip() else ""


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
