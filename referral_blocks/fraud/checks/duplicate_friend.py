"""The friend was referred before, under another address or name."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide


class DuplicateFriend(FraudCheck):
    """Another friend of this programme has the same mailbox or phone."""

    label = gettext_lazy("Friend referred twice")

    def inspect(self, screening: Screening) -> Finding | None:
        if screening.twin_by_mailbox:
            evidence = _("Another friend in this programme has the same mailbox.")
            return Finding(Severity.HIGH, SignalSide.BOTH, 80, evidence)
        if screening.twin_by_phone:
            evidence = _("Another friend in this programme has the same phone number.")
            return Finding(Severity.MEDIUM, SignalSide.BOTH, 60, evidence)
        return None
