"""The Person: one human, and the only row with personal data; and what is kept of one who was erased."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import MAX_AGENT, present_agent


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
    # When their erasure began: from then on they sign in nowhere and earn nothing. How far it is: PersonErasure.
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [
            ("export_person", _("Can download all that is kept about a person")),
            ("erase_person", _("Can erase a person for good")),
        ]

    def __str__(self) -> str:
        return self.name or self.email or str(_("Erased person"))

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


class ErasureReason(models.TextChoices):
    """Why somebody was erased; a choice and no text, so that the record names nobody."""

    OWNER = "owner", _("The person asked, with a link from their own mailbox")
    REQUEST = "request", _("The person asked in another way")
    RETENTION = "retention", _("The data is not needed any more")
    ORDER = "order", _("An authority or a court asked")


class PersonErasure(models.Model):
    """Who was erased, when, by whom and why; the one audit row, without personal data."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="erasure")
    reason = models.CharField(_("why"), max_length=10, choices=ErasureReason.choices)
    # Whether they gave up what was open: rewards, points, gift cards that nobody had looked at.
    gives_up = models.BooleanField(_("gave up what was open"), default=False)
    no_mail = models.BooleanField(_("never to be written to again"), default=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system asked, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    done_at = models.DateTimeField(_("done"), null=True, editable=False, db_index=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.person_id} {self.reason}"


class ErasedMailbox(models.Model):
    """A mailbox of somebody who was erased, as a keyed hash: tells only whoever brings the address that it is one."""

    contact_hash = models.CharField(max_length=32, unique=True)
    was_customer = models.BooleanField(default=False)  # a friend's gift for new customers is given once
    no_mail = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("erased mailbox")
        verbose_name_plural = _("erased mailboxes")

    def __str__(self) -> str:
        return self.contact_hash[:8]
