"""What stands before a payout: a programme's limits in one currency, the switch that stops sending, and what was sent
today."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

EVERYTHING = "*"  # the switch of all providers


class PayoutPolicy(models.Model):
    """A programme's limits for payouts in one currency, in minor units; an empty limit does not limit."""

    program = models.ForeignKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="payout_policies")
    currency = models.CharField(_("currency"), max_length=3)
    minimum_minor = models.BigIntegerField(
        _("smallest payout"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    second_person_minor = models.BigIntegerField(
        _("second person above"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    daily_cap_minor = models.BigIntegerField(
        _("most in a day"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    person_cap_minor = models.BigIntegerField(
        _("most for one person in a day"), null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = _("payout limits")
        verbose_name_plural = _("payout limits")
        constraints = [models.UniqueConstraint(fields=["program", "currency"], name="rb_policy_once_per_currency")]

    def __str__(self) -> str:
        return f"{self.program} {self.currency}"


class SentCounter(models.Model):
    """How much of a day's cap is used; moved by one guarded UPDATE, so that no number of workers passes the cap."""

    program = models.ForeignKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=60)  # "<currency>:<day>", or "<currency>:<day>:<person>"
    amount_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "key"], name="rb_sent_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="rb_sent_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount_minor}"


class StopCause(models.TextChoices):
    PERSON = "person", _("Stopped by a person")
    BALANCE = "balance", _("The provider’s balance is too low")
    REFUSED = "refused", _("The provider refuses us")


class SendingStop(models.Model):
    """While the row is there, no payout of this provider (or of any) is begun; taking it away resumes them all."""

    provider = models.CharField(_("provider"), max_length=40, unique=True)  # an alias, or EVERYTHING
    cause = models.CharField(_("why"), max_length=10, choices=StopCause.choices, default=StopCause.PERSON)
    note = models.TextField(_("note"), blank=True)
    # When it ends by itself; None: when a person ends it.
    until = models.DateTimeField(_("until"), null=True, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("stop of sending")
        verbose_name_plural = _("stops of sending")

    def __str__(self) -> str:
        return f"{self.provider}: {self.cause}"


class SendingStopChange(models.Model):
    """Who stopped or resumed what, when and why."""

    provider = models.CharField(max_length=40)
    stopped = models.BooleanField()
    cause = models.CharField(max_length=10)
    note = models.TextField(blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.provider}: {self.stopped}"
