"""The Referrer: a Person enrolled in a Program; and the browsers and apps in which they are signed in."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Referrer(models.Model):
    """One person in one programme."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey("referral_blocks.Person", on_delete=models.PROTECT, related_name="referrers")
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="referrers")
    terms_version = models.ForeignKey("referral_blocks.TermsVersion", on_delete=models.PROTECT, related_name="+")
    greeting_consent = models.BooleanField(
        _("first name shown to friends"), default=False, help_text=_("Whether friends are greeted with the first name.")
    )
    leaderboard_consent = models.BooleanField(_("shown on leaderboards"), default=False)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    class Meta:
        verbose_name = _("referrer")
        verbose_name_plural = _("referrers")
        constraints = [models.UniqueConstraint(fields=["person", "program"], name="rb_person_joins_program_once")]

    def __str__(self) -> str:
        return str(self.person)


class ReferrerStanding(models.Model):
    """A referrer's counts, kept up with every change, so that reading them costs one row whatever the history."""

    referrer = models.OneToOneField(Referrer, primary_key=True, on_delete=models.CASCADE, related_name="standing_row")
    visits = models.PositiveBigIntegerField(default=0)  # up to visits_until; younger ones are counted when read
    visits_until = models.DateTimeField(null=True)
    friends = models.PositiveIntegerField(default=0)
    # Customers now: a friend who was retracted, or blocked on the referrer's side, counts no more.
    qualified = models.PositiveIntegerField(default=0)
    # Friends that ever qualified: the number that the next one gets. It only grows, so no number is given twice.
    numbered = models.PositiveIntegerField(default=0)
    pending_minor = models.BigIntegerField(default=0)  # in the programme's currency
    earned_minor = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")

    def __str__(self) -> str:
        return f"{self.referrer_id}"


class SignInKind(models.TextChoices):
    """Where somebody is signed in: what one of them holds is never accepted from the other."""

    BROWSER = "browser", _("browser")
    APP = "app", _("app")


class SignIn(models.Model):
    """A sign-in by a link from the mailbox: of a browser, which keeps a cookie that names this row, or of an app, which
    has a chain of refresh tokens, of which only the newest works and only its hash is kept."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referrer = models.ForeignKey(Referrer, on_delete=models.CASCADE, related_name="sign_ins")
    kind = models.CharField(max_length=10, choices=SignInKind.choices)
    token_hash = models.CharField(max_length=64, blank=True)  # of an app's refresh token; empty for a browser
    generation = models.PositiveIntegerField(default=1)  # how many refresh tokens there have been
    created_at = models.DateTimeField(auto_now_add=True)
    refreshed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)  # refreshing does not move it
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def __str__(self) -> str:
        return f"{self.referrer_id} {self.created_at:%Y-%m-%d %H:%M}"
