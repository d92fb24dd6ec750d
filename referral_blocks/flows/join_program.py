"""A person joins a programme and gets a link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput, NotPossibleNow, gathering
from referral_blocks.core.hashing import keyed_hash
from referral_blocks.core.ratelimit import TooManyRequests, check_rate
from referral_blocks.emails.compose import SIGN_IN, WELCOME
from referral_blocks.emails.models import Email
from referral_blocks.emails.services import request_email
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.services import link_for_join
from referral_blocks.people.models import first_name
from referral_blocks.people.services import clean_particulars, get_or_create_person
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.return_address import check_return_address
from referral_blocks.referrers.services import get_or_create_referrer

from .announce import announce

GREETINGS = "20/day"  # an address; more come only from somebody who plays with the form
PAUSE, DAY, A_DAY = timedelta(minutes=10), timedelta(days=1), 10


@dataclass(frozen=True, slots=True)
class Joined:
    """``created`` is for the caller's own records: telling it to the visitor would tell whether an e-mail is known."""

    referrer: Referrer
    link: ReferralLink
    created: bool


def require_open(program: Program) -> None:
    """Raises NotPossibleNow for a programme that is paused, ended or not yet started."""
    if not program.is_open:
        raise NotPossibleNow(
            _("This programme is not open at the moment. Please come back later."), code="program_closed"
        )


def join_program(
    *,
    program: Program,
    email: str,
    name: str,
    accept_terms: bool,
    greeting_consent: bool = False,
    locale: str = "",
    kind: str = "",
    country: str = "",
    return_to: str = "",
) -> Joined:
    """Enrol the person, or find them enrolled, and mail them their link; the same address joins once. ``return_to``: a
    page elsewhere to which the mail's sign-in link leads.

    Raises NotPossibleNow, else InvalidInput with all that is wrong (paths ``email``, ``name``, ``kind``, ``country``,
    ``acceptTerms``, ``returnTo``); then nothing is written. A person who is known keeps their kind and country.
    """
    require_open(program)
    with gathering() as mistakes:
        with mistakes.check():
            given = clean_particulars(email=email, name=name, locale=locale, kind=kind, country=country)
        with mistakes.check():
            require_terms(program, accept_terms)
        with mistakes.check():
            check_return_address(address=return_to, hostname=program.site.hostname)
    with transaction.atomic():
        person = get_or_create_person(given=given)
        referrer, created = get_or_create_referrer(
            person=person,
            program=program,
            terms_version=current_terms(program=program),
            greeting_consent=greeting_consent,
        )
        link = link_for_join(
            referrer=referrer, greeting_name=_greeting(person.email_key, given.name) if greeting_consent else ""
        )
        if created:
            request_email(
                key=f"welcome:{referrer.pk}",
                kind=WELCOME,
                person=person,
                subject_id=referrer.pk,
                return_to=return_to,
            )
            announce(
                Kind.REFERRER_JOINED,
                referrer,
                program=program,
                referrer_id=referrer.pk,
                signal=signals.referrer_joined,
            )
        else:
            request_sign_in(referrer, return_to=return_to)
    return Joined(referrer, link, created)


def _greeting(email_key: str, name: str) -> str:
    """What the link greets with. Each name is a link of its own, so only so many a day are taken for one address, known
    or not: how many links an address has left would tell which."""
    try:
        check_rate("greetings", keyed_hash("greetings", email_key), limit=GREETINGS)
    except TooManyRequests:
        return ""
    return first_name(name)


def require_terms(program: Program, accepted: bool) -> None:
    """Raises InvalidInput when the programme has terms and they were not accepted."""
    if program.terms and not accepted:
        raise InvalidInput(_("Please accept the terms to go on."), code="terms_not_accepted", path=("acceptTerms",))


def request_sign_in(referrer: Referrer, *, return_to: str = "") -> None:
    """Mail a sign-in link, at most one in ten minutes and ten a day; more are asked for in vain."""
    now = timezone.now()
    sent = Email.objects.filter(kind=SIGN_IN, subject_id=referrer.pk, person=referrer.person)
    if sent.filter(created_at__gt=now - PAUSE).exists() or sent.filter(created_at__gt=now - DAY).count() >= A_DAY:
        return
    # The slot makes two at the same moment one.
    slot = int(now.timestamp() // PAUSE.total_seconds())
    request_email(
        key=f"sign_in:{referrer.pk}:{slot}",
        kind=SIGN_IN,
        person=referrer.person,
        subject_id=referrer.pk,
        return_to=return_to,
    )
