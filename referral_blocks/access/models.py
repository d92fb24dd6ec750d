"""API keys."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import MAX_AGENT, present_agent


class Scope(models.TextChoices):
    """What a key may do."""

    SALES_READ = "sales:read", _("read sales")
    SALES_WRITE = "sales:write", _("record sales and reversals")
    REFERRALS_READ = "referrals:read", _("read referrers and friends")
    REFERRALS_WRITE = "referrals:write", _("add and change referrers and friends")
    REVIEWS_WRITE = "reviews:write", _("decide about referrals under review")
    REWARDS_READ = "rewards:read", _("read rewards")
    REWARDS_WRITE = "rewards:write", _("approve, adjust and cancel rewards")
    PAYOUTS_READ = "payouts:read", _("read payouts and runs")
    PAYOUTS_WRITE = "payouts:write", _("plan, confirm and cancel payout runs")
    HANDOVERS_WRITE = "handovers:write", _("mark rewards as handed over")
    STATISTICS_READ = "statistics:read", _("read statistics")
    WEBHOOKS_READ = "webhooks:read", _("read webhook endpoints and deliveries")
    WEBHOOKS_WRITE = "webhooks:write", _("add, change and remove webhook endpoints")
    ACTIVITY_READ = "activity:read", _("follow what happens, by ids")
    KEYS_WRITE = "keys:write", _("make and revoke API keys")


def live() -> models.Q:
    """The condition that a key is neither revoked nor expired now."""
    unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
    return models.Q(revoked_at=None) & unexpired


class ApiKey(models.Model):
    """A key for one site's servers; the key itself is shown once and stored only as a hash."""

    site = models.ForeignKey("wagtailcore.Site", verbose_name=_("site"), on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80, help_text=_("Which system uses this key, such as “Till”."))
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system made it, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_agent = models.CharField(max_length=MAX_AGENT, blank=True, editable=False)
    # The key that took its place; until it expires, both work.
    rotated_to = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name

    @property
    def agent_name(self) -> str:
        """How audit rows call the system that holds it."""
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_live(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())
