"""The friend was a customer before anybody invited them."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide


class ExistingCustomer(FraudCheck):
    """The friend is on the site's list of earlier customers, or bought here before the referral."""

    label = gettext_lazy("Existing customer")

    def inspect(self, screening: Screening) -> Finding | None:
        if screening.known_customer:
            evidence = _("The friend is on the list of earlier customers.")
        elif screening.bought_before:
            evidence = _("The friend bought here before this referral.")
        else:
            return None
        return Finding(Severity.MEDIUM, SignalSide.BOTH, 60, evidence)
