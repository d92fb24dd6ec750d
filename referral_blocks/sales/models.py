"""The Sale: what a friend bought, once by programme, source and external id."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import MAX_AGENT, present_agent
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
    product = models.CharField(_("product"), max_length=120, blank=True)
    metadata = models.JSONField(default=dict, blank=True)  # text to text, as the source gave it
    # The how-manyeth sale to this friend; given once, under the referral's lock.
    number = models.PositiveIntegerField(default=1, editable=False)
    reversed_minor = models.BigIntegerField(_("reversed"), default=0, editable=False)  # what all reversals add up to
    occurred_at = models.DateTimeField(_("sold"))
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system recorded it, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ["-occurred_at"]
        indexes = [models.Index(fields=["program", "recorded_at"], name="rb_sale_program_time")]
        constraints = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="rb_sale_once"),
            models.UniqueConstraint(fields=["referral", "number"], name="rb_sale_number_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="rb_sale_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(reversed_minor__gte=0) & models.Q(reversed_minor__lte=models.F("amount_minor")),
                name="rb_sale_reversed_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} ({self.amount})"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class ReversalKind(models.TextChoices):
    REFUND = "refund", _("Refund")
    DISPUTE = "dispute", _("Dispute")
    DISPUTE_WON = "dispute_won", _("Dispute won")


class SaleReversal(models.Model):
    """Money that went back to the customer, or (a dispute that was won) came back from them."""

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="reversals")
    kind = models.CharField(_("kind"), max_length=12, choices=ReversalKind.choices)
    external_id = models.CharField(_("refund number"), max_length=120)
    amount_minor = models.BigIntegerField(_("amount"))  # above zero, whatever the kind
    occurred_at = models.DateTimeField(_("reversed"))
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system recorded it, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)

    class Meta:
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["sale", "kind", "external_id"], name="rb_reversal_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="rb_reversal_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class ImportState(models.TextChoices):
    READY = "ready", _("Ready")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")


class SaleImport(models.Model):
    """A file of sales, read row by row; a dry run writes no sale, and a run that broke off goes on where it was."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="imports")
    source = models.CharField(_("source"), max_length=20)
    name = models.CharField(_("file"), max_length=200)
    content = models.TextField(editable=False)
    dry_run = models.BooleanField(_("dry run"), default=True)
    state = models.CharField(_("state"), max_length=10, choices=ImportState.choices, default=ImportState.READY)
    total = models.PositiveIntegerField(_("rows"), default=0)
    next_try_at = models.DateTimeField(null=True, db_index=True, editable=False)  # a task lost by then is queued again
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system sent it, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)
    # The same of whoever let the real run follow the dry one.
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    confirmed_agent = models.CharField(max_length=MAX_AGENT, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class RowOutcome(models.TextChoices):
    RECORDED = "recorded", _("Recorded")
    REPEATED = "repeated", _("Recorded before")
    REFUSED = "refused", _("Refused")


class SaleImportRow(models.Model):
    """What became of one row; its number is unique, so that a second run never does it again."""

    sale_import = models.ForeignKey(SaleImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))  # as in the file: the heading is row 1
    external_id = models.CharField(_("order number"), max_length=120, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=RowOutcome.choices)
    code = models.CharField(max_length=40, blank=True)
    message = models.TextField(_("what to do"), blank=True)
    sale = models.ForeignKey(Sale, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["sale_import", "number"], name="rb_import_row_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"
