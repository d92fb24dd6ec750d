"""Which leaderboards are settled."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LeaderboardResult(models.Model):
    """A span whose prizes are awarded; unique, so that the places are decided once, whatever changes afterwards."""

    program = models.ForeignKey("referral_blocks.Program", on_delete=models.CASCADE, related_name="+")
    span_key = models.CharField(_("period"), max_length=20)
    ends_at = models.DateTimeField(_("ended"))
    awarded_at = models.DateTimeField(_("awarded"), auto_now_add=True)

    class Meta:
        verbose_name = _("leaderboard result")
        verbose_name_plural = _("leaderboard results")
        constraints = [models.UniqueConstraint(fields=["program", "span_key"], name="rb_leaderboard_once")]

    def __str__(self) -> str:
        return self.span_key
