"""The friend is the referrer."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide


class SelfReferral(FraudCheck):
    """The same person, mailbox, phone or payout account on both sides."""

    label = gettext_lazy("Self-referral")

    def inspect(self, screening: Screening) -> Finding | None:
        friend, referrer = screening.friend, screening.referrer
        if friend.person_id == referrer.person_id:
            return _found(100, _("The friend and the referrer are one person."))
        if friend.mailbox_key == referrer.mailbox_key:
            return _found(90, _("The friend and the referrer share a mailbox."))
        if friend.payout_keys & referrer.payout_keys:
            return _found(90, _("The friend and the referrer are paid to one account."))
        if friend.phone_key and friend.phone_key == referrer.phone_key:
            return _found(80, _("The friend and the referrer share a phone number."))
        return None


def _found(score: int, evidence: str) -> Finding:
    return Finding(Severity.HIGH, SignalSide.BOTH, score, evidence)
