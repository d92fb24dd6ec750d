"""What providers tell us: each message once, as ids only, and a count of what was not believed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProviderEvent(models.Model):
    """A verified message; what it means is read from the provider when it is worked on."""

    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=120)
    provider_ref = models.CharField(max_length=120, blank=True)
    payout_id = models.CharField(max_length=36, blank=True)
    account = models.CharField(max_length=120, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)  # None once it is done
    result = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("message of a provider")
        verbose_name_plural = _("messages of providers")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="rb_event_once")]
        indexes = [models.Index(fields=["next_try_at"], name="rb_event_due")]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.event_id}"


class EventCount(models.Model):
    """How many messages of one kind came in a day: accepted, duplicate, forged, stale, malformed, ignored."""

    provider = models.CharField(max_length=40)
    day = models.DateField()
    what = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "day", "what"], name="rb_event_count_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.day} {self.what}: {self.count}"
