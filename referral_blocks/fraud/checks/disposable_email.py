"""The friend's address is one that people throw away."""

from __future__ import annotations

from disposable_email_domains import blocklist
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import CAPTURE, Finding, FraudCheck, Screening
from referral_blocks.fraud.models import Severity, SignalSide


class DisposableEmail(FraudCheck):
    """The mail host, or a domain above it, is on the list of the package ``disposable-email-domains``."""

    label = gettext_lazy("Disposable e-mail address")
    occasions = frozenset({CAPTURE})

    def inspect(self, screening: Screening) -> Finding | None:
        if not _is_disposable(screening.friend.host):
            return None
        evidence = _("The friend’s address is at %(host)s, where anybody gets an address for ten minutes.") % {
            "host": screening.friend.host
        }
        return Finding(Severity.MEDIUM, SignalSide.FRIEND, 50, evidence)


def _is_disposable(host: str) -> bool:
    labels = host.split(".")
    return any(".".join(labels[n:]) in blocklist for n in range(len(labels) - 1))
