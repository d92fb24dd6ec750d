"""A referrer brings friends faster than people do."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import CAPTURE, Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide

FAR_ABOVE = 3


class ReferrerVelocity(FraudCheck):
    """More friends within an hour or a day than the limits. A little above, a good day is as likely as fraud: it counts
    only beside other findings; three times a limit is flagged alone."""

    label = gettext_lazy("Many friends at once")
    occasions = frozenset({CAPTURE})

    def __init__(self, *, per_hour: int = 20, per_day: int = 50) -> None:
        self.per_hour, self.per_day = per_hour, per_day

    def inspect(self, screening: Screening) -> Finding | None:
        hour, day = screening.friends_in_hour, screening.friends_in_day
        if hour <= self.per_hour and day <= self.per_day:
            return None
        evidence = _("The referrer brought %(hour)d friends within an hour and %(day)d within a day.") % {
            "hour": hour,
            "day": day,
        }
        if hour > FAR_ABOVE * self.per_hour or day > FAR_ABOVE * self.per_day:
            return Finding(Severity.HIGH, SignalSide.REFERRER, 60, evidence)
        return Finding(Severity.LOW, SignalSide.REFERRER, 30, evidence)
