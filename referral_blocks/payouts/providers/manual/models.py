"""What staff have to hand over; the manual provider's own books."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class HandoverKind(models.TextChoices):
    """What staff do with it."""

    SWAG = "swag", _("Merchandise")
    IN_STORE = "in_store", _("In the shop")
    CASH = "cash", _("Cash in hand")
    DONATION = "donation", _("Donation")


class Handover(models.Model):
    """A custom reward that a member of staff gives to somebody."""

    payout = models.OneToOneField("referral_blocks.Payout", on_delete=models.PROTECT, related_name="handover")
    idempotency_key = models.CharField(max_length=80, unique=True, editable=False)
    title = models.CharField(_("what"), max_length=240)
    kind = models.CharField(_("kind"), max_length=10, choices=HandoverKind.choices, default=HandoverKind.IN_STORE)
    organisation = models.CharField(_("organisation"), max_length=120, blank=True)  # whom a donation goes to
    instructions = models.TextField(_("instructions"), blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)
    handed_over_at = models.DateTimeField(_("handed over"), null=True, blank=True, editable=False)
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("handed over by"), null=True, blank=True, editable=False,
        on_delete=models.SET_NULL, related_name="+",
    )  # fmt: skip
    note = models.TextField(_("note"), blank=True, editable=False)
    # A receipt, a tracking number or a link.
    proof = models.CharField(_("proof"), max_length=500, blank=True, editable=False)

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        ordering = ["created_at"]
        indexes = [models.Index(fields=["handed_over_at", "due_on"], name="rb_handover_due")]
        permissions = [("mark_handed_over", _("Can mark rewards as handed over"))]

    def __str__(self) -> str:
        return self.title
