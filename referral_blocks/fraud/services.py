"""Writes signals, decisions and the blocked list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.text import clean_email, clean_text
from referral_blocks.people.services import mailbox_key, phone_key
from referral_blocks.referrals.models import Referral

from .check import Finding
from .models import BlockedEntry, BlockedKind, Decision, ReviewDecision, RiskSignal, SignalSide
from .sides import SIDES

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def record_findings(*, referral: Referral, occasion: str, findings: Mapping[str, Finding]) -> list[RiskSignal]:
    """The signals that are new, written once for a check and an occasion. What a check has said before, in the same
    words and with no higher score, is no news. The caller holds the referral's lock."""
    if not findings:
        return []
    known = list(RiskSignal.objects.filter(referral=referral))
    told = {(s.check_name, s.occasion) for s in known}
    said: dict[tuple[str, str, str], int] = {}
    for signal in known:
        key = (signal.check_name, signal.side, signal.evidence)
        said[key] = max(said.get(key, 0), signal.score)
    new = [
        RiskSignal(
            referral=referral,
            check_name=name,
            severity=found.severity,
            side=found.side,
            score=found.score,
            evidence=found.evidence,
            occasion=occasion,
        )
        for name, found in findings.items()
        if (name, occasion) not in told and said.get((name, found.side, found.evidence), 0) < found.score
    ]
    return RiskSignal.objects.bulk_create(new)


def add_decision(
    *,
    referral: Referral,
    sides: Collection[str],
    approve: bool,
    reason: str,
    actor: User | None,
    automatic: bool = False,
) -> ReviewDecision:
    """What was decided about ``sides``, with the signals known by now. The caller holds the referral's lock."""
    newest = RiskSignal.objects.filter(referral=referral).aggregate(newest=Max("pk"))["newest"]
    return ReviewDecision.objects.create(
        referral=referral,
        side=SignalSide.BOTH if set(sides) == set(SIDES) else next(iter(sides)),
        decision=Decision.APPROVE if approve else Decision.BLOCK,
        reason=reason,
        last_signal_id=newest or 0,
        automatic=automatic,
        actor=actor,
    )


def block_entry(*, site_id: int, kind: str, value: str, note: str = "") -> BlockedEntry:
    """Put an address, mail host, phone or address hash on the site's blocked list, in the form in which checks compare;
    once. Raises InvalidInput with path ``kind``, ``value`` or ``note``."""
    if kind not in BlockedKind.values:
        kinds = ", ".join(BlockedKind.values)
        raise InvalidInput(_("Use one of: %(kinds)s.") % {"kinds": kinds}, code="invalid_kind", path=("kind",))
    is_email = kind == BlockedKind.EMAIL
    text = clean_email(value, path=("value",)) if is_email else clean_text(value, max_length=254, path=("value",))
    normal = {BlockedKind.EMAIL: mailbox_key, BlockedKind.PHONE: phone_key}.get(BlockedKind(kind), str.lower)(text)
    entry, _created = BlockedEntry.objects.get_or_create(
        site_id=site_id,
        kind=kind,
        value=clean_text(normal, max_length=254, path=("value",)),
        defaults={"note": clean_text(note, max_length=200, path=("note",), required=False)},
    )
    return entry
