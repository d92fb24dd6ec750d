"""The ledger: entries whose lines sum to zero in each currency; rows are added, never changed."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _


class AppendOnlyError(TypeError):
    """Somebody tried to change history; correct a ledger with a reversing entry."""


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(self.model.__name__)

    def delete(self) -> NoReturn:
        raise AppendOnlyError(self.model.__name__)


class AppendOnly(models.Model):
    """A row that is written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(type(self).__name__)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(type(self).__name__)


class Account(models.TextChoices):
    """Positive is debit, negative is credit."""

    EXPENSE = "reward_expense", _("Reward expense")
    PENDING = "rewards_pending", _("Rewards pending")
    PAYABLE = "rewards_payable", _("Rewards payable")
    IN_TRANSIT = "in_transit", _("In transit")
    PAID_OUT = "provider_cash", _("Paid out")
    CLAWBACK = "clawback_receivable", _("To be netted")
    POINTS = "points", _("Points balance")
    REDEEMED = "points_redeemed", _("Points redeemed")
    BREAKAGE = "points_expired", _("Points expired")


class LedgerEntry(AppendOnly):
    """One event; ``key`` makes posting it twice the same as once."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=30)
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key


class LedgerLine(AppendOnly):
    """An amount in minor units on one account."""

    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=20, choices=Account.choices)
    person = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["person", "account", "currency"], name="rb_ledger_person_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount_minor} {self.currency}"


class PointsLot(models.Model):
    """Points that came together and expire together, used oldest first; the ledger holds the balance, this the date."""

    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="points_lots")
    key = models.CharField(max_length=120, unique=True)  # what the points were given for
    points = models.PositiveBigIntegerField()
    left = models.PositiveBigIntegerField()
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["person", "program", "expires_at"], name="rb_points_oldest_first")]
        constraints = [
            models.CheckConstraint(condition=models.Q(left__lte=models.F("points")), name="rb_points_left_within_lot")
        ]

    def __str__(self) -> str:
        return f"{self.left}/{self.points}"
