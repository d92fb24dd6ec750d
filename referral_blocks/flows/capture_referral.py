"""A friend leaves their details."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks import signals
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.text import clean_name
from referral_blocks.emails.compose import FRIEND_ARRIVED
from referral_blocks.emails.services import request_email
from referral_blocks.people.services import get_or_create_person
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrals.attribution import find_attribution
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import get_or_create_referral, set_review

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
) -> Captured:
    """Tie the friend to the referrer whom the code, token or cookie names; the first referral of a friend stays.

    A friend with the referrer's own mailbox is flagged and not refused: a refusal would tell whose link it is.
    Raises InvalidInput (paths ``email``, ``name``, ``phone``, ``code``, ``token``, ``acceptTerms``) and NotPossibleNow;
    then nothing is written.
    """
    require_open(program)
    require_terms(program, accept_terms)
    attribution = find_attribution(program=program, code=code, token=token, cookie=cookie)
    if attribution is None:
        raise InvalidInput(
            _("We cannot tell who invited you. Open your friend’s link again, or type their code."),
            code="no_attribution",
            path=("code",),
        )
    with transaction.atomic():
        friend = get_or_create_person(email=email, name=name, phone=phone, locale=locale)
        referral, created = get_or_create_referral(
            program=program,
            link=attribution.link,
            friend=friend,
            friend_name=clean_name(name),
            terms_version=current_terms(program=program),
            method=attribution.method,
        )
        if created and friend.mailbox_key == referral.referrer.person.mailbox_key:
            set_review(referral=referral, to=Review.FLAGGED, reason="self_referral")
        elif created:
            request_email(
                key=f"friend_arrived:{referral.pk}",
                kind=FRIEND_ARRIVED,
                person=referral.referrer.person,
                subject_id=referral.pk,
            )
            signals.send_on_commit(signals.referral_captured, referral=referral)
    return Captured(referral, created)
