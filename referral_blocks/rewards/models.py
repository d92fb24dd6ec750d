"""Reward rules, rewards, why a reward still waits, and what is spent of budgets, caps and stock."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from referral_blocks.core.money import MAX_MINOR, Money
from referral_blocks.core.states import StateChange

from .rule import reward_kind_choices


class Side(models.TextChoices):
    REFERRER = "referrer", _("The referrer")
    FRIEND = "friend", _("The friend")


class Trigger(models.TextChoices):
    """What a rule waits for."""

    SIGN_UP = "sign_up", _("A friend leaves their details")
    SALE = "sale", _("A friend buys")
    GROUP = "group", _("A group is complete")
    PERIOD = "period", _("A leaderboard period ends")
    POINTS = "points", _("Somebody exchanges points for it")


class Approval(models.TextChoices):
    PERSON = "person", _("A person approves each reward")
    AUTOMATIC = "automatic", _("Approved when the hold is over")


class RewardState(models.TextChoices):
    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    RESERVED = "reserved", _("On its way")
    ISSUED = "issued", _("Received")
    REDEEMED = "redeemed", _("Redeemed")
    VOID = "void", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    CLAWED_BACK = "clawed_back", _("Taken back")


class Reason(models.TextChoices):
    """Why a reward waits, in words that the person who waits may read."""

    HOLD = "hold", _("The waiting time for returns is not over")
    APPROVAL = "approval", _("Waiting for our team to approve it")
    REVIEW = "review", _("Our team is taking a closer look")
    PAYOUT_DETAILS = "payout_details", _("We need to know where to send it")
    BUDGET = "budget", _("The programme’s budget is spent for now")
    CAP = "cap", _("You have earned the most that one period allows")
    STOCK = "stock", _("This reward is out of stock at the moment")
    PROVIDER_ERROR = "provider_error", _("Sending it did not work; our team is on it")


class RewardRule(ClusterableModel):
    """A promise to one side of a programme: what has to happen, what it earns, and within which limits."""

    program = ParentalKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="reward_rules")
    side = models.CharField(_("who gets it"), max_length=10, choices=Side.choices)
    title = models.CharField(
        _("reward"), max_length=120, help_text=_("What people read, such as “£20 off your next clean”.")
    )
    trigger = models.CharField(_("earned when"), max_length=10, choices=Trigger.choices, default=Trigger.SALE)
    kind = models.CharField(_("worked out as"), max_length=40, choices=reward_kind_choices, default="fixed")
    amount_minor = models.BigIntegerField(_("value"), validators=[MinValueValidator(1), MaxValueValidator(MAX_MINOR)])
    # The kind's own settings, checked by RewardKind.clean_options.
    options = models.JSONField(default=dict, blank=True)
    # Empty: the programme's currency. PTS: points.
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # Which sales of a friend count: 1 to 1 the first only, 1 to empty every one, 2 to empty repeat sales only.
    sale_from = models.PositiveIntegerField(_("from sale"), default=1, validators=[MinValueValidator(1)])
    sale_to = models.PositiveIntegerField(_("to sale"), null=True, blank=True, default=1)
    months = models.PositiveSmallIntegerField(_("for months"), null=True, blank=True)  # after the friend qualified
    # Which of the referrer's qualified friends count: a milestone is n to n, a tier n to m.
    friend_from = models.PositiveIntegerField(_("from friend"), default=1, validators=[MinValueValidator(1)])
    friend_to = models.PositiveIntegerField(_("to friend"), null=True, blank=True)
    # Which places of a leaderboard win.
    rank_from = models.PositiveSmallIntegerField(_("from place"), default=1)
    rank_to = models.PositiveSmallIntegerField(_("to place"), default=1)
    # What it costs in points: for the trigger “points” only.
    points_price = models.PositiveIntegerField(
        _("price in points"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text=_("For rewards that people exchange points for."),
    )  # fmt: skip
    limit_per_person = models.PositiveIntegerField(_("at most a person"), null=True, blank=True)
    method = models.CharField(_("paid by"), max_length=40, default="manual")
    # The payout provider's own choices, checked by PayoutProvider.clean_options.
    method_options = models.JSONField(default=dict, blank=True)
    coupon_list = models.ForeignKey(
        "referral_blocks.CouponList", verbose_name=_("coupon list"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    stock = models.PositiveIntegerField(
        _("in stock"), null=True, blank=True, help_text=_("How many are left to promise. Empty: no limit.")
    )
    low_stock_at = models.PositiveIntegerField(_("warn when"), default=0)
    instructions = models.TextField(
        _("instructions for staff"), blank=True, help_text=_("What to hand over and how; visitors never see it.")
    )
    hold_days = models.PositiveSmallIntegerField(
        _("hold (days)"), default=14, validators=[MaxValueValidator(365)],
        help_text=_("How long a reward waits after the sale, so that a return comes before the reward."),
    )  # fmt: skip
    expires_days = models.PositiveSmallIntegerField(_("expires after (days)"), null=True, blank=True)
    approval = models.CharField(_("approval"), max_length=10, choices=Approval.choices, default=Approval.PERSON)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reward rule")
        verbose_name_plural = _("reward rules")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="rb_rule_amount_positive")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A form that was opened a while ago must not write back the stock that sales have lowered since: the stock of
        a saved rule is changed by an UPDATE of its own."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kept = {"id", "stock"}
            kwargs["update_fields"] = [f.name for f in self._meta.concrete_fields if f.name not in kept]
        super().save(*args, **kwargs)

    @property
    def value_currency(self) -> str:
        return self.currency or self.program.currency


class RuleCondition(models.Model):
    """One more thing that has to hold; all of a rule's conditions have to."""

    rule = ParentalKey(RewardRule, on_delete=models.CASCADE, related_name="conditions")
    fact = models.CharField(_("fact"), max_length=60)  # a name that conditions.FACTS knows
    operator = models.CharField(_("operator"), max_length=10)
    value = models.JSONField(_("value"))

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.fact} {self.operator} {self.value}"


class Reward(models.Model):
    """What one person is owed for one rule and one trigger."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rule = models.ForeignKey(RewardRule, on_delete=models.PROTECT, related_name="rewards")
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="rewards")
    person = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="rewards")
    # Whose standing counts it: set on the referrer's side.
    referrer = models.ForeignKey(
        "referral_blocks.Referrer", null=True, blank=True, on_delete=models.PROTECT, related_name="rewards"
    )
    referral = models.ForeignKey(
        "referral_blocks.Referral", null=True, blank=True, on_delete=models.PROTECT, related_name="rewards"
    )
    sale = models.ForeignKey("referral_blocks.Sale", null=True, on_delete=models.PROTECT, related_name="rewards")
    trigger_key = models.CharField(max_length=80, editable=False)
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    title = models.CharField(_("reward"), max_length=120)
    instructions = models.TextField(_("instructions for staff"), blank=True)
    # What it is worth now: a refund before it is issued shrinks it. What was promised is promised_minor.
    amount_minor = models.BigIntegerField(_("value"))
    promised_minor = models.BigIntegerField(_("promised"), editable=False)
    clawed_minor = models.BigIntegerField(_("taken back"), default=0, editable=False)  # after it was issued
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("paid by"), max_length=40)
    method_options = models.JSONField(default=dict, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=RewardState.choices, default=RewardState.PENDING)
    # What this reward holds of a limit, to give back when it is cancelled.
    holds_budget = models.BooleanField(default=False, editable=False)
    holds_cap = models.CharField(max_length=80, blank=True, editable=False)  # the counter's key
    holds_stock = models.BooleanField(default=False, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, editable=False)
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("earned"), auto_now_add=True)

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "person", "trigger_key"], name="rb_reward_once_per_trigger"),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gte=0) & models.Q(clawed_minor__gte=0), name="rb_reward_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "program"], name="rb_reward_person_program"),
            models.Index(fields=["program", "created_at"], name="rb_reward_program_time"),
            models.Index(fields=["state", "expires_at"], name="rb_reward_expiry"),
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


class SpendCounter(models.Model):
    """How much of one limit is promised; moved by one guarded UPDATE, so that no number of simultaneous sales passes
    it."""

    program = models.ForeignKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)  # "budget", or "cap:<referrer>:<period>"
    amount_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "key"], name="rb_counter_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="rb_counter_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount_minor}"


class CouponList(models.Model):
    """Single-use codes that a shop made, imported to be given out one by one."""

    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="coupon_lists")
    name = models.CharField(_("name"), max_length=80)
    low_stock_at = models.PositiveIntegerField(_("warn when"), default=10)

    class Meta:
        verbose_name = _("coupon list")
        verbose_name_plural = _("coupon lists")

    def __str__(self) -> str:
        return self.name


class CouponCode(models.Model):
    """One code; it belongs to one reward at most, the database says so."""

    coupon_list = models.ForeignKey(CouponList, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(_("code"), max_length=80)
    reward = models.OneToOneField(Reward, null=True, blank=True, on_delete=models.PROTECT, related_name="coupon")
    assigned_at = models.DateTimeField(_("given"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("coupon code")
        verbose_name_plural = _("coupon codes")
        constraints = [models.UniqueConstraint(fields=["coupon_list", "code"], name="rb_coupon_once")]
        indexes = [models.Index(fields=["coupon_list", "reward"], name="rb_coupon_free")]

    def __str__(self) -> str:
        return f"…{self.code[-3:]}"
