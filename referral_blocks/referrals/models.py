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
    CONTACT = "contact", _("E-mail or phone match")
    NAME = "name", _("Name of the referrer, confirmed by staff")
    MANUAL = "manual", _("By staff")


class Stage(models.TextChoices):
    CAPTURED = "captured", _("Left their details")
    NURTURING = "nurturing", _("In touch")
    QUALIFIED = "qualified", _("Became a customer")
    UNQUALIFIED = "unqualified", _("Does not qualify")
    EXPIRED = "expired", _("Ran out of time")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RETRACTED = "retracted", _("Sale was reversed")


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
    # What the friend answered beyond name, e-mail and phone: [{"label": …, "text": …}], as answers.py makes it.
    answers = models.JSONField(default=list, blank=True, editable=False)
    link = models.ForeignKey("referral_blocks.ReferralLink", null=True, on_delete=models.SET_NULL, related_name="+")
    terms_version = models.ForeignKey("referral_blocks.TermsVersion", on_delete=models.PROTECT, related_name="+")
    attribution_method = models.CharField(_("credited by"), max_length=10, choices=AttributionMethod.choices)
    attributed_at = models.DateTimeField(_("credited"), auto_now_add=True)
    credit_expires_at = models.DateTimeField(_("credit expires"))
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.CAPTURED)
    review = models.CharField(_("review"), max_length=10, choices=Review.choices, default=Review.CLEAR)
    qualified_at = models.DateTimeField(_("qualified"), null=True, blank=True, editable=False)
    # The how-manyeth qualified friend of the referrer this is; given once, under the lock of the referrer's standing.
    friend_number = models.PositiveIntegerField(null=True, editable=False)
    is_new_customer = models.BooleanField(_("new customer"), null=True, editable=False)  # None: nobody has checked
    sale_count = models.PositiveIntegerField(default=0, editable=False)
    visited_at = models.DateTimeField(null=True, editable=False)  # the visit that the token or cookie came from
    ip_hash = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    risk_score = models.PositiveSmallIntegerField(_("risk"), default=0, editable=False)  # 0 to 100

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        ordering = ["-attributed_at"]
        constraints = [models.UniqueConstraint(fields=["program", "friend"], name="rb_friend_once_per_program")]
        indexes = [
            models.Index(fields=["program", "attributed_at"], name="rb_referral_program_time"),
            models.Index(fields=["stage", "credit_expires_at"], name="rb_referral_expiry"),
            models.Index(fields=["referrer", "attributed_at"], name="rb_referral_referrer_time"),
            models.Index(fields=["review", "referrer"], name="rb_referral_review"),
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


class ClaimState(models.TextChoices):
    OPEN = "open", _("Open")
    CONFIRMED = "confirmed", _("Confirmed")
    REJECTED = "rejected", _("Rejected")


class ReferralClaim(models.Model):
    """A friend who only knows the referrer's name; staff say who is meant, and a referral comes of it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="claims")
    friend = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="claims")
    typed_name = models.CharField(_("name that the friend gave"), max_length=120)
    friend_name = models.CharField(_("friend’s name"), max_length=120, blank=True)  # as on the referral
    answers = models.JSONField(default=list, blank=True, editable=False)  # as on the referral
    terms_version = models.ForeignKey("referral_blocks.TermsVersion", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=ClaimState.choices, default=ClaimState.OPEN)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [models.UniqueConstraint(fields=["program", "friend"], name="rb_claim_once_per_program")]

    def __str__(self) -> str:
        return f"{self.friend} → {self.typed_name}"


class ClaimChange(StateChange):
    """One step of a claim."""

    subject = models.ForeignKey(ReferralClaim, on_delete=models.CASCADE, related_name="changes")
