"""Where a person is paid to: their account with a provider, as far as we have to know it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AccountStates(models.TextChoices):
    """provider.AccountState, in words."""

    ONBOARDING = "onboarding", _("Details are missing")
    READY = "ready", _("Ready")
    RESTRICTED = "restricted", _("Stopped by the provider")
    CLOSED = "closed", _("Closed")


class PayoutAccount(models.Model):
    """One person's account with one provider; bank details are with the provider alone."""

    person = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="payout_accounts")
    provider = models.CharField(_("provider"), max_length=40)
    # Empty until the provider has answered: asked again with the same key, it makes one account.
    reference = models.CharField(_("provider’s reference"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=AccountStates.choices, default=AccountStates.ONBOARDING)
    checked_at = models.DateTimeField(_("last looked at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("payout account")
        verbose_name_plural = _("payout accounts")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["person", "provider"], name="rb_one_account_per_provider"),
            models.UniqueConstraint(
                fields=["provider", "reference"], condition=~Q(reference=""), name="rb_account_reference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reference or '…'}"


class PayoutDestination(models.Model):
    """A keyed hash of a bank account or card behind a payout account: tells that two people are paid to one."""

    account = models.ForeignKey(PayoutAccount, on_delete=models.CASCADE, related_name="destinations")
    key = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="rb_destination_once")]

    def __str__(self) -> str:
        return self.key[:8]
