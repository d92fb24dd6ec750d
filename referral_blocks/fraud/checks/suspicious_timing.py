"""Something happens faster than people do it."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide


class SuspiciousTiming(FraudCheck):
    """From the visit to the details, or from the details to the sale, in less time than the limits (seconds).

    A friend at a till is recorded and buys within a minute, so that alone flags nothing.
    """

    label = gettext_lazy("Suspicious timing")

    def __init__(self, *, visit_seconds: int = 3, sale_seconds: int = 60) -> None:
        self.visit, self.sale = timedelta(seconds=visit_seconds), timedelta(seconds=sale_seconds)

    def inspect(self, screening: Screening) -> Finding | None:
        captured, visited, sale = screening.captured_at, screening.visited_at, screening.sale
        if sale is not None:
            if sale.recorded_at - captured >= self.sale:
                return None
            evidence = _("The sale was recorded less than %(seconds)d seconds after the friend left their details.")
            return self._found(Severity.LOW, 15, evidence, self.sale)
        if visited is None or captured - visited >= self.visit:
            return None
        evidence = _("The friend left their details less than %(seconds)d seconds after opening the link.")
        return self._found(Severity.MEDIUM, 40, evidence, self.visit)

    def _found(self, severity: str, score: int, evidence: str, limit: timedelta) -> Finding:
        return Finding(severity, SignalSide.BOTH, score, evidence % {"seconds": limit.total_seconds()})
