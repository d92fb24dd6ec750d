"""The Referrer: a Person enrolled in a Program."""

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
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    class Meta:
        verbose_name = _("referrer")
        verbose_name_plural = _("referrers")
        constraints = [models.UniqueConstraint(fields=["person", "program"], name="rb_person_joins_program_once")]

    def __str__(self) -> str:
        return str(self.person)
