"""What checks found, what people decided, and what is blocked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import MAX_AGENT, present_agent


class Severity(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class SignalSide(models.TextChoices):
    REFERRER = "referrer", _("The referrer")
    FRIEND = "friend", _("The friend")
    BOTH = "both", _("Both")


class RiskSignal(models.Model):
    """One check's finding about a referral."""

    referral = models.ForeignKey("referral_blocks.Referral", on_delete=models.CASCADE, related_name="risk_signals")
    check_name = models.CharField(_("check"), max_length=40)  # alias in REFERRAL_BLOCKS["FRAUD_CHECKS"]
    severity = models.CharField(_("severity"), max_length=6, choices=Severity.choices)
    side = models.CharField(_("side"), max_length=10, choices=SignalSide.choices, default=SignalSide.BOTH)
    score = models.PositiveSmallIntegerField(_("score"))
    evidence = models.TextField(_("evidence"))  # a sentence for staff, in the site's language
    occasion = models.CharField(max_length=60)  # what was screened: capture, or sale:<id>
    created_at = models.DateTimeField(_("found"), auto_now_add=True)

    class Meta:
        verbose_name = _("risk signal")
        verbose_name_plural = _("risk signals")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["referral", "check_name", "occasion"], name="rb_signal_once_per_occasion")
        ]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.evidence}"


class Decision(models.TextChoices):
    APPROVE = "approve", _("Fine")
    BLOCK = "block", _("Blocked")


class ReviewDecision(models.Model):
    """What was decided about one side of a referral or both, why and when."""

    referral = models.ForeignKey("referral_blocks.Referral", on_delete=models.CASCADE, related_name="review_decisions")
    side = models.CharField(_("side"), max_length=10, choices=SignalSide.choices)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    reason = models.TextField(_("reason"))
    # The newest signal that was known: younger ones are not decided by this.
    last_signal_id = models.BigIntegerField(default=0, editable=False)
    automatic = models.BooleanField(_("by its score alone"), default=False, editable=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # Which system did it, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)
    created_at = models.DateTimeField(_("decided"), auto_now_add=True)

    class Meta:
        verbose_name = _("review decision")
        verbose_name_plural = _("review decisions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.side}: {self.decision}"


class BlockedKind(models.TextChoices):
    EMAIL = "email", _("E-mail address")
    DOMAIN = "domain", _("E-mail host")
    PHONE = "phone", _("Phone")
    IP_HASH = "ip_hash", _("Network address (hash)")


class BlockedEntry(models.Model):
    """Somebody or something whose referrals always go to review."""

    site = models.ForeignKey("wagtailcore.Site", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=BlockedKind.choices)
    value = models.CharField(_("value"), max_length=254)  # normalised: lower-case mailbox, host, digits, hash
    note = models.CharField(_("why"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("blocked entry")
        verbose_name_plural = _("blocked list")
        constraints = [models.UniqueConstraint(fields=["site", "kind", "value"], name="rb_blocked_once")]

    def __str__(self) -> str:
        return self.value
