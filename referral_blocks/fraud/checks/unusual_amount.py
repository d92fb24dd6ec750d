"""A sale is far above what the programme sees."""

from __future__ import annotations

from statistics import median

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.core.money import Money
from referral_blocks.fraud.check import SALE, Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide


class UnusualAmount(FraudCheck):
    """More than ``times`` the median of the sales before it, once there are ``at_least`` of them to compare with."""

    label = gettext_lazy("Unusual amount")
    occasions = frozenset({SALE})

    def __init__(self, *, times: int = 5, at_least: int = 10) -> None:
        self.times, self.at_least = times, at_least

    def inspect(self, screening: Screening) -> Finding | None:
        sale = screening.sale
        if sale is None or len(sale.usual) < self.at_least:
            return None
        middle = median(sale.usual)
        if sale.amount.amount_minor <= self.times * middle:
            return None
        evidence = _("The sale of %(amount)s is more than %(times)d times the usual %(usual)s.") % {
            "amount": sale.amount,
            "times": self.times,
            "usual": Money(int(middle), sale.amount.currency),
        }
        return Finding(Severity.MEDIUM, SignalSide.BOTH, 50, evidence)
