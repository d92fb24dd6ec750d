"""A friend without link or code says who told them: by name, or by the referrer's own e-mail address or number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput, NotFound, NotPossibleNow, gathering
from referral_blocks.core.states import lock
from referral_blocks.core.text import clean_text
from referral_blocks.people.services import clean_particulars, get_or_create_person
from referral_blocks.programs.models import Phase, Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrals.answers import GivenAnswers, clean_answers
from referral_blocks.referrals.claims import get_or_create_claim, referrer_by_contact, set_claim
from referral_blocks.referrals.models import AttributionMethod, ClaimState, Referral, ReferralClaim
from referral_blocks.referrers.models import Referrer

from .credit_friend import credit_friend
from .join_program import require_open, require_terms

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Named:
    """For the caller's own records: whoever asks is always told the same, “Thank you, we will look into it”, because
    anything else would tell who takes part."""

    claim: ReferralClaim | None = None
    referral: Referral | None = None


def refer_by_name(
    *,
    program: Program,
    email: str,
    name: str,
    referrer_name: str,
    accept_terms: bool,
    phone: str = "",
    locale: str = "",
    kind: str = "",
    country: str = "",
    answers: GivenAnswers = (),
    ip_hash: str = "",
) -> Named:
    """An address or number that is one referrer's own credits that referrer; a name becomes a claim that staff decide
    about. A friend who has a referral or a claim keeps it.

    Raises NotPossibleNow, else InvalidInput with all that is wrong (paths ``email``, ``name``, ``phone``, ``kind``,
    ``country``, ``referrerName``, ``answers`` with the number of the answer, ``acceptTerms``); then nothing is written.
    """
    require_open(program)
    with gathering() as mistakes:
        with mistakes.check():
            given = clean_particulars(email=email, name=name, phone=phone, locale=locale, kind=kind, country=country)
        with mistakes.check():
            typed = clean_text(referrer_name, max_length=120, path=("referrerName",))
        with mistakes.check():
            kept = clean_answers(answers)
        with mistakes.check():
            require_terms(program, accept_terms)
    with transaction.atomic():
        friend = get_or_create_person(given=given)
        if referral := Referral.objects.filter(program=program, friend=friend).first():
            return Named(referral=referral)
        terms = current_terms(program=program)
        if referrer := referrer_by_contact(program=program, text=typed):
            referral, _created = credit_friend(
                program=program,
                referrer=referrer,
                friend=friend,
                terms_version=terms,
                method=AttributionMethod.CONTACT,
                friend_name=given.name,
                answers=kept,
                ip_hash=ip_hash,
            )
            return Named(referral=referral)
        claim, _new = get_or_create_claim(
            program=program,
            friend=friend,
            typed_name=typed,
            terms_version=terms,
            friend_name=given.name,
            answers=kept,
        )
    return Named(claim=claim)


def confirm_claim(*, claim: ReferralClaim, referrer: Referrer, actor: User, note: str = "") -> Referral:
    """Staff say who is meant: the friend becomes that referrer's.

    Raises InvalidInput with path ``note`` or ``referrer``, NotFound for a referrer of another programme, and
    NotPossibleNow for a claim that is decided, a friend who has a referral by now, or a draft; then nothing is written.
    """
    text = clean_text(note, max_length=500, path=("note",), required=False, lines=True)
    require_referrer(claim.program, referrer)
    if referrer.person_id == claim.friend_id:
        raise InvalidInput(_("Nobody can refer themselves."), code="self_referral", path=("referrer",))
    with transaction.atomic():
        lock(claim)
        if claim.state != ClaimState.OPEN:
            raise NotPossibleNow(_("This claim is decided already."))
        referral, created = credit_friend(
            program=claim.program,
            referrer=referrer,
            friend=claim.friend,
            terms_version=claim.terms_version,
            method=AttributionMethod.NAME,
            friend_name=claim.friend_name,
            answers=claim.answers,
        )
        if not created:
            raise NotPossibleNow(
                _("This friend has a referral by now, so the claim can only be rejected."), code="already_referred"
            )
        set_claim(claim=claim, to=ClaimState.CONFIRMED, reason="person", note=text, actor=actor)
    return referral


def reject_claim(*, claim: ReferralClaim, actor: User, note: str) -> bool:
    """Staff cannot tell who is meant, or it is not true; False when it was rejected before. Raises InvalidInput with
    path ``note`` and NotPossibleNow for a confirmed claim."""
    text = clean_text(note, max_length=500, path=("note",), lines=True)
    return set_claim(claim=claim, to=ClaimState.REJECTED, reason="person", note=text, actor=actor)


def require_referrer(program: Program, referrer: Referrer) -> None:
    """Raises NotFound for a referrer of another programme, and NotPossibleNow for a draft."""
    if referrer.program_id != program.pk:
        raise NotFound(_("There is no such referrer in this programme."), path=("referrer",))
    if program.phase == Phase.DRAFT:
        raise NotPossibleNow(_("This programme is a draft. Credit friends once it is live."), code="program_closed")
