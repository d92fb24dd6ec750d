"""Somebody on the site's blocked list."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.fraud.check import Finding, FraudCheck, Screening
from referral_blocks.fraud.models import BlockedKind, Severity, SignalSide


class BlockedList(FraudCheck):
    """The mailbox, mail host, phone or network address of a side is on the list."""

    label = gettext_lazy("Blocked list")

    def inspect(self, screening: Screening) -> Finding | None:
        if not screening.blocked:
            return None
        sides = {hit.side for hit in screening.blocked}
        side = sides.pop() if len(sides) == 1 else SignalSide.BOTH
        evidence = " ".join(_sentence(hit.kind, hit.side, hit.note) for hit in screening.blocked)
        return Finding(Severity.HIGH, side, 100, evidence)


def _sentence(kind: str, side: str, note: str) -> str:
    words = {"side": SignalSide(side).label, "kind": BlockedKind(kind).label, "note": note}
    if note:
        return _("On the blocked list – %(side)s: %(kind)s (%(note)s).") % words
    return _("On the blocked list – %(side)s: %(kind)s.") % words
