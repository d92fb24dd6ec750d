"""Payouts, the rewards that each one pays, and the conversations with a provider."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.money import Money
from referral_blocks.core.states import StateChange


class PayoutState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    CONFIRMED = "confirmed", _("Confirmed")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    PAID = "paid", _("Paid")
    FAILED_RETRYABLE = "failed_retryable", _("Will be tried again")
    FAILED_FINAL = "failed_final", _("Failed")
    UNKNOWN = "unknown", _("Outcome unknown")
    RETURNED = "returned", _("Came back")
    CANCELLED = "cancelled", _("Cancelled")


class Parked(models.TextChoices):
    """Why a payout is not tried again by itself."""

    TRIES = "tries", _("Tried too often without an answer that decides")
    WINDOW = "window", _("The provider may have forgotten it, and cannot be asked")
    BODY = "body", _("It cannot be asked of the provider as it is")


class Payout(models.Model):
    """Value on its way to one person for one or more rewards."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="payouts")
    person = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="payouts")
    run = models.ForeignKey(
        "referral_blocks.PayoutRun", verbose_name=_("run"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="payouts",
    )  # fmt: skip
    provider = models.CharField(_("paid by"), max_length=40)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=20, choices=PayoutState.choices, default=PayoutState.DRAFT)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True, editable=False)
    parked = models.CharField(_("waits for a person"), max_length=10, choices=Parked.choices, blank=True)
    # The day's counters that it is in (see policy.SentCounter), to give back when it was not paid.
    counted_on = models.DateField(null=True, editable=False)
    provider_ref = models.CharField(_("provider’s reference"), max_length=120, blank=True, editable=False)
    reversed_minor = models.BigIntegerField(_("taken back"), default=0, editable=False)  # through the provider

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="rb_payout_due"),
            models.Index(fields=["provider", "provider_ref"], name="rb_payout_ref"),
        ]
        permissions = [
            ("confirm_payout", _("Can confirm payouts")),
            ("stop_payouts", _("Can stop and resume sending")),
            ("resolve_payout", _("Can settle payouts whose outcome is unknown, and take payouts back")),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.amount}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PayoutItem(models.Model):
    """A reward that a payout has claimed; a reward is claimed by one payout at a time, the database says so."""

    payout = models.ForeignKey(Payout, on_delete=models.CASCADE, related_name="items")
    reward = models.ForeignKey("referral_blocks.Reward", on_delete=models.PROTECT, related_name="payout_items")
    released = models.BooleanField(default=False)  # the payout failed or was cancelled: the reward is free

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reward"], condition=Q(released=False), name="rb_reward_in_one_payout")
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} ← {self.reward_id}"


class PayoutAttempt(models.Model):
    """One conversation with a provider: key and body are committed before the first word is said."""

    LIVE = ("created", "unknown", "failed_retryable")

    payout = models.ForeignKey(Payout, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    provider = models.CharField(max_length=40, editable=False)
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.JSONField(editable=False)
    request_sha256 = models.CharField(max_length=64, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)  # whose task is talking to the provider, until when
    outcome = models.CharField(max_length=20, default="created", editable=False)
    provider_ref = models.CharField(max_length=120, blank=True, editable=False)
    response = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["payout", "number"], name="rb_attempt_number_once"),
            models.UniqueConstraint(
                fields=["payout"],
                condition=Q(outcome__in=("created", "unknown", "failed_retryable")),
                name="rb_one_live_attempt_per_payout",
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"], condition=~Q(provider_ref=""), name="rb_provider_ref_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} #{self.number} {self.outcome}"


class PayoutChange(StateChange):
    """One step of a payout."""

    subject = models.ForeignKey(Payout, on_delete=models.CASCADE, related_name="changes")


class PayoutReversal(models.Model):
    """Value taken back from a recipient through the provider; its key is committed before the provider is asked."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="reversals")
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    amount_minor = models.BigIntegerField(_("amount"))
    outcome = models.CharField(max_length=20, default="created", editable=False)
    provider_ref = models.CharField(max_length=120, blank=True, editable=False)
    note = models.TextField(_("note"), blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payout"],
                condition=Q(outcome__in=("created", "unknown")),
                name="rb_one_live_reversal_per_payout",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="rb_reversal_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} −{self.amount_minor}"
