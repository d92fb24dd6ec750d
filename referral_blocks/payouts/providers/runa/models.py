"""The gift cards that were ordered: this provider's own books."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class GiftCard(models.Model):
    """A gift card for one payout. Its link is money for whoever holds it: encrypted here, in no log, attempt or page of
    staff, and shown to its owner alone."""

    payout = models.OneToOneField("referral_blocks.Payout", on_delete=models.PROTECT, related_name="gift_card")
    order_ref = models.CharField(max_length=60, unique=True)
    link = models.BinaryField(editable=False)  # encrypted
    expires_at = models.DateTimeField(_("expires"), null=True)
    first_shown_at = models.DateTimeField(_("first shown"), null=True, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("ordered"), auto_now_add=True)

    class Meta:
        verbose_name = _("gift card")
        verbose_name_plural = _("gift cards")

    def __str__(self) -> str:
        return self.order_ref
