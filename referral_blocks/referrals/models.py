"""The Referral: a friend whom a referrer brought."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.states import StateChange
from referral_blocks.people.models import first_name


class AttributionMethod(models.TextChoices):
    """How the friend was tied to the referrer, most trusted first."""

    CODE = "code", _("Code typed in")
    TOKEN = "token", _("Link (signed token)")
    COOKIE = "cookie", _("Link (cookie)")


class Stage(models.TextChoices):
    CAPTURED = "captured", _("Left their details")
    QUALIFIED = "qualified", _("Became a customer")
    EXPIRED = "expired", _("Ran out of time")


class Review(models.TextChoices):
    """Whether something looked wrong; time alone never clears a flag."""

    CLEAR = "clear", _("Clear")
    FLAGGED = "flagged", _("Needs review")
    APPROVED = "approved", _("Reviewed: fine")
    BLOCKED = "blocked", _("Reviewed: blocked")


class Referral(models.Model):
    """One friend in one programme, credited to one referrer."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="referrals")
    referrer = models.ForeignKey("referral_blocks.Referrer", on_delete=models.PROTECT, related_name="referrals")
    friend = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="referrals")
    # What the friend called themselves on this form: the only name that the referrer is told. The person behind the
    # address may be known under another, which is nobody's business.
    friend_name = models.CharField(_("friend’s name"), max_length=120, blank=True)
    link = models.ForeignKey("referral_blocks.ReferralLink", null=True, on_delete=models.SET_NULL, related_name="+")
    terms_version = models.ForeignKey("referral_blocks.TermsVersion", on_delete=models.PROTECT, related_name="+")
    attribution_method = models.CharField(_("credited by"), max_length=10, choices=AttributionMethod.choices)
    attributed_at = models.DateTimeField(_("credited"), auto_now_add=True)
    credit_expires_at = models.DateTimeField(_("credit expires"))
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.CAPTURED)
    review = models.CharField(_("review"), max_length=10, choices=Review.choices, default=Review.CLEAR)
    qualified_at = models.DateTimeField(_("qualified"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        ordering = ["-attributed_at"]
        constraints = [models.UniqueConstraint(fields=["program", "friend"], name="rb_friend_once_per_program")]
        indexes = [
            models.Index(fields=["program", "attributed_at"], name="rb_referral_program_time"),
            models.Index(fields=["stage", "credit_expires_at"], name="rb_referral_expiry"),
        ]
        permissions = [("review_referral", _("Can decide about flagged referrals"))]

    def __str__(self) -> str:
        return str(self.friend)

    @property
    def friend_first_name(self) -> str:
        """What the referrer may read."""
        return first_name(self.friend_name)


class ReferralChange(StateChange):
    """One step of a referral."""

    subject = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="changes")
