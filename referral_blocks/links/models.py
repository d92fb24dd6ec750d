"""Links, the visits that count and the requests that do not, and through what links were passed on."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ReferralLink(models.Model):
    """A code that leads to a referrer; old ones go on working, one is primary."""

    referrer = models.ForeignKey("referral_blocks.Referrer", on_delete=models.CASCADE, related_name="links")
    code = models.CharField(_("code"), max_length=40, unique=True)  # stored in upper case
    # The first name that friends are greeted with: what was typed when this link was asked for, with consent. It stands
    # here and not with the person, because anybody may type anybody's address and read the greeting.
    greeting_name = models.CharField(_("greets as"), max_length=40, blank=True)
    is_primary = models.BooleanField(_("primary"), default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("referral link")
        verbose_name_plural = _("referral links")
        constraints = [
            models.UniqueConstraint(
                fields=["referrer"], condition=Q(is_primary=True), name="rb_one_primary_link_per_referrer"
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Visit(models.Model):
    """One human GET through a link."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    link = models.ForeignKey(ReferralLink, on_delete=models.CASCADE, related_name="visits")
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="+")
    ip_hash = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = [
            models.Index(fields=["program", "created_at"], name="rb_visit_program_time"),
            models.Index(fields=["link", "created_at"], name="rb_visit_link_time"),
            models.Index(fields=["created_at"], name="rb_visit_time"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id} {self.created_at:%Y-%m-%d %H:%M}"


class IgnoredVisit(models.Model):
    """A request through a link that no human made; kept apart and never counted."""

    link = models.ForeignKey(ReferralLink, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=10, editable=False)  # method, prefetch or bot
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.link_id} {self.reason}"


class ShareEvent(models.Model):
    """A referrer passed their link on, through one channel."""

    link = models.ForeignKey(ReferralLink, on_delete=models.CASCADE, related_name="shares")
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(_("channel"), max_length=20)  # a name that channels.CHANNELS knows
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        indexes = [
            models.Index(fields=["program", "created_at"], name="rb_share_program_time"),
            models.Index(fields=["link", "created_at"], name="rb_share_link_time"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id} {self.channel}"
