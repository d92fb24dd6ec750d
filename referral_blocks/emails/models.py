"""Mail that has to go out once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FIRST_RETRY = timedelta(minutes=2)


def first_retry() -> datetime:
    """A mail whose own task has not sent it by then is queued again."""
    return timezone.now() + FIRST_RETRY


class Email(models.Model):
    """One mail to one person; ``key`` says what it is about, so that asking for it twice sends it once."""

    key = models.CharField(max_length=120, unique=True, editable=False)
    kind = models.CharField(_("mail"), max_length=40, editable=False)
    person = models.ForeignKey("referral_blocks.Person", on_delete=models.CASCADE, related_name="emails")
    subject_id = models.BigIntegerField(
        editable=False
    )  # the referrer or referral that it is about; the kind says which
    # A page elsewhere to which its sign-in link leads; empty: to the site's own.
    return_to = models.CharField(max_length=500, blank=True, default="", editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    next_try_at = models.DateTimeField(default=first_retry, editable=False)  # when the sweeper queues it again
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        indexes = [models.Index(fields=["sent_at", "next_try_at"], name="rb_email_unsent")]

    def __str__(self) -> str:
        return self.key
