"""Our books beside the provider's own: one report a comparison, one row a difference."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DifferenceKind(models.TextChoices):
    MISSING_THERE = "missing_there", _("We say paid; the provider does not have it")
    MISSING_HERE = "missing_here", _("The provider has it; we do not")
    AMOUNT = "amount", _("Another amount")
    TWICE = "twice", _("The provider has it more than once")
    STATE = "state", _("Another state")
    REVERSED = "reversed", _("Taken back by another amount")


class Reconciliation(models.Model):
    """One comparison with one provider."""

    provider = models.CharField(_("provider"), max_length=40)
    since = models.DateTimeField(_("since"))
    compared = models.PositiveIntegerField(_("compared"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)  # why it did not come to its end
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("comparison with a provider")
        verbose_name_plural = _("comparisons with providers")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.provider} {self.created_at:%Y-%m-%d %H:%M}"


class Difference(models.Model):
    """What one comparison found; ``ours`` and ``theirs`` in words for people."""

    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="differences")
    kind = models.CharField(_("what"), max_length=15, choices=DifferenceKind.choices)
    payout = models.ForeignKey("referral_blocks.Payout", null=True, on_delete=models.SET_NULL, related_name="+")
    provider_ref = models.CharField(_("provider’s reference"), max_length=120, blank=True)
    ours = models.CharField(_("ours"), max_length=120, blank=True)
    theirs = models.CharField(_("theirs"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.provider_ref}"
