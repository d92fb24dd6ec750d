"""Many friends come from one network address."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import CAPTURE, Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide


class IpVelocity(FraudCheck):
    """More captures within a day from one address than the limit, or one from the referrer's own address.

    Homes, offices and phone networks share addresses: it flags, and never blocks.
    """

    label = gettext_lazy("Shared network address")
    occasions = frozenset({CAPTURE})
    may_block = False

    def __init__(self, *, per_day: int = 5) -> None:
        self.per_day = per_day

    def inspect(self, screening: Screening) -> Finding | None:
        if screening.captures_from_address > self.per_day:
            evidence = _("%(count)d friends came from one network address within a day.") % {
                "count": screening.captures_from_address
            }
            return Finding(Severity.MEDIUM, SignalSide.BOTH, 50, evidence)
        if screening.address_of_referrer:
            evidence = _("The friend came from a network address that the referrer has used.")
            return Finding(Severity.LOW, SignalSide.BOTH, 30, evidence)
        return None
