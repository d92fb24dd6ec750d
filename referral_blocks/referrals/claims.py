"""Claims: a friend who knows only the referrer's name, whom that may mean, and what staff decided."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from referral_blocks.core.states import change_state
from referral_blocks.people.models import Person
from referral_blocks.people.services import mailbox_key, phone_key
from referral_blocks.programs.models import Program, TermsVersion
from referral_blocks.referrers.models import Referrer

from .answers import Answers
from .models import ClaimChange, ClaimState, ReferralClaim

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STEPS: dict[str, set[str]] = {ClaimState.OPEN: {ClaimState.CONFIRMED, ClaimState.REJECTED}}
POOL = 5_000  # newest referrers that a name is compared with: what staff wait for stays the same however many there are
ALIKE = 0.72  # from here on two names are worth a look
MIN_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be meant; ``likeness`` is from 0 to 1."""

    referrer: Referrer
    likeness: float


def get_or_create_claim(
    *,
    program: Program,
    friend: Person,
    typed_name: str,
    terms_version: TermsVersion,
    friend_name: str = "",
    answers: Answers = (),
) -> tuple[ReferralClaim, bool]:
    """The friend's claim in this programme and whether it is new; the first one stays."""
    return ReferralClaim.objects.get_or_create(
        program=program,
        friend=friend,
        defaults={
            "typed_name": typed_name,
            "terms_version": terms_version,
            "friend_name": friend_name,
            "answers": list(answers),
        },
    )


def set_claim(*, claim: ReferralClaim, to: str, reason: str, note: str, actor: User) -> bool:
    """Open → confirmed or rejected; False when it is so already. Raises NotPossibleNow."""
    return change_state(claim, to, allowed=STEPS, audit=ClaimChange, reason=reason, note=note, actor=actor)


def referrer_by_contact(*, program: Program, text: str) -> Referrer | None:
    """The one referrer of this programme with this e-mail address or phone number; None when it is neither, nobody's,
    or the number of several."""
    people = Referrer.objects.filter(program=program).select_related("person")
    if "@" in text:
        found = list(people.filter(person__mailbox_key=mailbox_key(text))[:2])
    elif len(phone_key(text)) >= MIN_DIGITS and not any(c.isalpha() for c in text):
        found = list(people.filter(person__phone_key=phone_key(text))[:2])
    else:
        return None
    return found[0] if len(found) == 1 else None


def candidates(*, claim: ReferralClaim, limit: int = 10) -> list[Candidate]:
    """Referrers of the claim's programme with a name like the one that was typed, most alike first; two queries."""
    wanted = _plain(claim.typed_name)
    newest = Referrer.objects.filter(program_id=claim.program_id).exclude(person_id=claim.friend_id)
    names = newest.order_by("-pk").values_list("pk", "person__name")[:POOL]
    scored = sorted(((_likeness(wanted, _plain(name)), pk) for pk, name in names if name), reverse=True)
    best = {pk: score for score, pk in scored[:limit] if score >= ALIKE}
    rows = Referrer.objects.select_related("person").in_bulk(best)
    return [Candidate(rows[pk], score) for pk, score in best.items()]


def _plain(name: str) -> str:
    """Without case, accents and order of words: “Müller, Ana” is “ana muller”."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return " ".join(sorted(kept.split()))


def _likeness(wanted: str, name: str) -> float:
    """1 for the same name; a friend who typed only some of its words comes close to it."""
    if not wanted or not name:
        return 0.0
    if set(wanted.split()) <= set(name.split()):
        return 1.0 if wanted == name else 0.95
    matcher = SequenceMatcher(None, name, wanted, autojunk=False)
    # Two cheap upper bounds first: most names are nothing alike.
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()
