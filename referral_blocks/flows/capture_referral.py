"""A friend leaves their details."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput, gathering
from referral_blocks.people.services import clean_particulars, get_or_create_person
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrals.answers import GivenAnswers, clean_answers
from referral_blocks.referrals.attribution import Attribution, find_attribution
from referral_blocks.referrals.models import Referral

from .credit_friend import credit_friend
from .join_program import require_open, require_terms


@dataclass(frozen=True, slots=True)
class Captured:
    """``created`` is for the caller's own records: telling it to the visitor would tell whether an e-mail is known."""

    referral: Referral
    created: bool


def capture_referral(
    *,
    program: Program,
    email: str,
    name: str,
    accept_terms: bool,
    phone: str = "",
    code: str = "",
    token: str = "",
    cookie: str = "",
    locale: str = "",
    kind: str = "",
    country: str = "",
    answers: GivenAnswers = (),
    ip_hash: str = "",
) -> Captured:
    """Tie the friend to the referrer whom the code, token or cookie names; the first referral of a friend stays.

    ``kind`` is “person” or “business”, ``country`` two letters; a friend who is known keeps theirs.
    ``answers`` are pairs of a label and what the friend wrote; they stay with a new referral.
    ``ip_hash`` is the keyed hash of the visitor's address. Whoever looks suspicious is flagged and not refused: a
    refusal would tell what the checks look at, and whose link it is.
    Raises NotPossibleNow, else InvalidInput with all that is wrong (paths ``email``, ``name``, ``phone``, ``kind``,
    ``country``, ``code`` or ``token``, ``answers`` with the number of the answer, ``acceptTerms``); then nothing is
    written.
    """
    require_open(program)
    with gathering() as mistakes:
        with mistakes.check():
            given = clean_particulars(email=email, name=name, phone=phone, locale=locale, kind=kind, country=country)
        with mistakes.check():
            attribution = require_attribution(program=program, code=code, token=token, cookie=cookie)
        with mistakes.check():
            kept = clean_answers(answers)
        with mistakes.check():
            require_terms(program, accept_terms)
    with transaction.atomic():
        friend = get_or_create_person(given=given)
        referral, created = credit_friend(
            program=program,
            referrer=attribution.link.referrer,
            friend=friend,
            friend_name=given.name,
            answers=kept,
            terms_version=current_terms(program=program),
            method=attribution.method,
            link=attribution.link,
            visited_at=attribution.visited_at,
            ip_hash=ip_hash,
        )
    return Captured(referral, created)


def require_attribution(*, program: Program, code: str = "", token: str = "", cookie: str = "") -> Attribution:
    """Who invited the friend; it depends on nothing that the friend is. Raises InvalidInput with path ``code`` or
    ``token``."""
    attribution = find_attribution(program=program, code=code, token=token, cookie=cookie)
    if attribution is None:
        raise InvalidInput(
            _("We cannot tell who invited you. Open your friend’s link again, or type their code."),
            code="no_attribution",
            path=("code",),
        )
    return attribution
