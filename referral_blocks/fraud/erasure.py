"""Takes a person's words and names out of findings and decisions; a blocked one stays blocked, as a keyed hash."""

from __future__ import annotations

from referral_blocks.core.hashing import keyed_hash
from referral_blocks.people.services import mailbox_key, phone_key
from referral_blocks.referrals.erasure import touching

from .models import BlockedEntry, BlockedKind, ReviewDecision, RiskSignal

PURPOSE = "blocked"


def hidden(kind: str, value: str) -> str:
    """The form in which a blocked address or number of an erased person is kept and compared."""
    return keyed_hash(f"{PURPOSE}.{kind}", value)


def forget_findings(*, person_id: int) -> None:
    """Blank evidence and reasons on referrals of the person, on either side; what was found and decided stays."""
    theirs = touching(person_id=person_id).values("pk")
    RiskSignal.objects.filter(referral__in=theirs).exclude(evidence="").update(evidence="")
    ReviewDecision.objects.filter(referral__in=theirs).exclude(reason="").update(reason="")


def hide_blocked(*, email: str, phone: str) -> None:
    """Put a keyed hash in the place of the address and the number on the blocked lists of all sites."""
    values = {BlockedKind.EMAIL: mailbox_key(email) if email else "", BlockedKind.PHONE: phone_key(phone)}
    for kind, value in values.items():
        if not value:
            continue
        listed = BlockedEntry.objects.filter(kind=kind, value=value)
        # A site that has the hash already, from an erasure before, needs no second one.
        known = BlockedEntry.objects.filter(kind=kind, value=hidden(kind, value)).values("site_id")
        listed.filter(site_id__in=list(known.values_list("site_id", flat=True))).delete()
        listed.update(value=hidden(kind, value), note="")
