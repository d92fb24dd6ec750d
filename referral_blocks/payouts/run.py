"""A payout run: approved rewards gathered into payouts that somebody looks at, and confirms, together."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import MAX_AGENT, present_agent
from referral_blocks.core.states import StateChange


class RunState(models.TextChoices):
    DRAFT = "draft", _("To be looked at")
    SECOND = "second", _("Waits for a second person")
    CONFIRMED = "confirmed", _("Confirmed")
    CANCELLED = "cancelled", _("Cancelled")


class PayoutRun(models.Model):
    """Payouts of one programme and one provider, made at one moment; they stay drafts until the run is confirmed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="payout_runs")
    provider = models.CharField(_("paid by"), max_length=40)
    currency = models.CharField(_("currency"), max_length=3)
    # Rewards approved up to this moment.
    cut_off_at = models.DateTimeField(_("cut-off"))
    state = models.CharField(_("state"), max_length=12, choices=RunState.choices, default=RunState.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system planned it, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # When every reward that goes with it was in it; until then it grows and cannot be confirmed.
    gathered_at = models.DateTimeField(_("gathered"), null=True, editable=False)
    # Ids of the people whose rewards stay for the next run.
    excluded = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name = _("payout run")
        verbose_name_plural = _("payout runs")
        ordering = ["-created_at", "-id"]
        constraints = [
            # Two people who press “new run” at once get one.
            models.UniqueConstraint(
                fields=["program", "provider", "currency"], condition=Q(state="draft"), name="rb_one_draft_run"
            ),
            # The second person is another one, whatever code confirms.
            models.CheckConstraint(
                condition=Q(seconded_by=None) | ~Q(seconded_by=models.F("confirmed_by")), name="rb_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program} · {self.provider} · {self.created_at:%Y-%m-%d %H:%M}"


class PayoutRunChange(StateChange):
    """One step of a run."""

    subject = models.ForeignKey(PayoutRun, on_delete=models.CASCADE, related_name="changes")
