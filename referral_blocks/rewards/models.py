"""Reward rules, rewards, and why a reward still waits."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey

from referral_blocks.core.money import MAX_MINOR, Money
from referral_blocks.core.states import StateChange

from .rule import reward_kind_choices


class Side(models.TextChoices):
    REFERRER = "referrer", _("The referrer")
    FRIEND = "friend", _("The friend")


class Approval(models.TextChoices):
    PERSON = "person", _("A person approves each reward")
    AUTOMATIC = "automatic", _("Approved when the hold is over")


class RewardState(models.TextChoices):
    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    RESERVED = "reserved", _("On its way")
    ISSUED = "issued", _("Received")
    VOID = "void", _("Cancelled")


class Reason(models.TextChoices):
    """Why a reward waits, in words that the person who waits may read."""

    HOLD = "hold", _("The waiting time for returns is not over")
    APPROVAL = "approval", _("Waiting for our team to approve it")
    REVIEW = "review", _("Our team is taking a closer look")


class RewardRule(models.Model):
    """A promise to one side of a programme."""

    program = ParentalKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="reward_rules")
    side = models.CharField(_("who gets it"), max_length=10, choices=Side.choices)
    title = models.CharField(
        _("reward"), max_length=120, help_text=_("What people read, such as “£20 off your next clean”.")
    )
    kind = models.CharField(_("worked out as"), max_length=40, choices=reward_kind_choices, default="fixed")
    amount_minor = models.BigIntegerField(_("value"), validators=[MinValueValidator(1), MaxValueValidator(MAX_MINOR)])
    method = models.CharField(_("paid by"), max_length=40, default="manual")
    instructions = models.TextField(
        _("instructions for staff"), blank=True, help_text=_("What to hand over and how; visitors never see it.")
    )
    hold_days = models.PositiveSmallIntegerField(
        _("hold (days)"), default=14, validators=[MaxValueValidator(365)],
        help_text=_("How long a reward waits after the sale, so that a return comes before the reward."),
    )  # fmt: skip
    approval = models.CharField(_("approval"), max_length=10, choices=Approval.choices, default=Approval.PERSON)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reward rule")
        verbose_name_plural = _("reward rules")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="rb_rule_amount_positive")]

    def __str__(self) -> str:
        return self.title


class Reward(models.Model):
    """What one person is owed for one rule and one trigger."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rule = models.ForeignKey(RewardRule, on_delete=models.PROTECT, related_name="rewards")
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="rewards")
    person = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="rewards")
    referral = models.ForeignKey("referral_blocks.Referral", on_delete=models.PROTECT, related_name="rewards")
    sale = models.ForeignKey("referral_blocks.Sale", null=True, on_delete=models.PROTECT, related_name="rewards")
    trigger_key = models.CharField(max_length=80, editable=False)
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    title = models.CharField(_("reward"), max_length=120)
    instructions = models.TextField(_("instructions for staff"), blank=True)
    amount_minor = models.BigIntegerField(_("value"))
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("paid by"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=RewardState.choices, default=RewardState.PENDING)
    created_at = models.DateTimeField(_("earned"), auto_now_add=True)

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "person", "trigger_key"], name="rb_reward_once_per_trigger")
        ]
        indexes = [
            models.Index(fields=["person", "program"], name="rb_reward_person_program"),
            models.Index(fields=["program", "created_at"], name="rb_reward_program_time"),
        ]
        permissions = [
            ("approve_reward", _("Can approve rewards")),
            ("release_hold", _("Can end a reward’s hold early")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PendingReason(models.Model):
    """One reason why a pending reward waits; the row goes when the reason does, and the audit row stays."""

    reward = models.ForeignKey(Reward, on_delete=models.CASCADE, related_name="pending_reasons")
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["reward", "reason"], name="rb_reason_once_per_reward")]
        indexes = [models.Index(fields=["reason", "until"], name="rb_reason_due")]

    def __str__(self) -> str:
        return self.reason


class RewardChange(StateChange):
    """One step of a reward, a cleared reason included."""

    subject = models.ForeignKey(Reward, on_delete=models.CASCADE, related_name="changes")
