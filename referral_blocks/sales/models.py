"""The Sale: what a friend bought, once by programme, source and external id."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.money import Money


class Sale(models.Model):
    """One sale that qualifies a referral."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="sales")
    referral = models.ForeignKey("referral_blocks.Referral", on_delete=models.PROTECT, related_name="sales")
    source = models.CharField(_("source"), max_length=20)  # api, staff, …
    external_id = models.CharField(_("order number"), max_length=120)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    occurred_at = models.DateTimeField(_("sold"))
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ["-occurred_at"]
        constraints = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="rb_sale_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="rb_sale_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} ({self.amount})"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
