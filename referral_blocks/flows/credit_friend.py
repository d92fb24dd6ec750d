"""A friend is tied to a referrer, whichever way that became known: every way in ends here."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
from referral_blocks.emails.compose import FRIEND_ARRIVED
from referral_blocks.emails.services import request_email
from referral_blocks.links.models import ReferralLink
from referral_blocks.people.models import Person
from referral_blocks.people.selectors import is_known_customer
from referral_blocks.programs.models import Program, TermsVersion
from referral_blocks.referrals.answers import Answers
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import get_or_create_referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.models import Trigger
from referral_blocks.rewards.rule import Happening
from referral_blocks.rewards.services import Sides
from referral_blocks.sales.models import Sale

from .announce import announce
from .earn_rewards import earn_rewards, flagged_sides, friend_facts
from .screen_referral import screen_referral


def credit_friend(
    *,
    program: Program,
    referrer: Referrer,
    friend: Person,
    terms_version: TermsVersion,
    method: str,
    friend_name: str = "",
    answers: Answers = (),
    link: ReferralLink | None = None,
    visited_at: datetime | None = None,
    ip_hash: str = "",
) -> tuple[Referral, bool]:
    """The friend's referral and whether it is new; the first one stays. A new one is checked, rewarded by the rules
    for signing up, and told to the referrer, unless it is flagged."""
    with transaction.atomic():
        referral, created = get_or_create_referral(
            program=program,
            referrer=referrer,
            friend=friend,
            terms_version=terms_version,
            method=method,
            friend_name=friend_name,
            answers=answers,
            link=link,
            visited_at=visited_at,
            ip_hash=ip_hash,
            is_new_customer=is_new_customer(program=program, friend=friend),
        )
        if not created:
            return referral, False
        announce(Kind.REFERRAL_CAPTURED, referral, program=program, referrer_id=referrer.pk)
        screen_referral(referral=referral)
        _earn_for_sign_up(program, referral)
        if referral.review == Review.CLEAR:
            request_email(
                key=f"friend_arrived:{referral.pk}",
                kind=FRIEND_ARRIVED,
                person=referrer.person,
                subject_id=referral.pk,
            )
            signals.send_on_commit(signals.referral_captured, referral=referral)
    return referral, True


def is_new_customer(*, program: Program, friend: Person) -> bool | None:
    """Whether the friend never bought on this site before; None when the site has said nothing about its customers."""
    if Sale.objects.filter(referral__friend=friend, program__site_id=program.site_id).exists():
        return False
    known = is_known_customer(site_id=program.site_id, email=friend.email, phone=friend.phone)
    return None if known is None else not known


def _earn_for_sign_up(program: Program, referral: Referral) -> None:
    if referral.review == Review.BLOCKED:
        return
    lock_standing(referrer=referral.referrer)
    earn_rewards(
        program=program,
        happening=Happening(trigger=Trigger.SIGN_UP, at=timezone.now(), friend=friend_facts(referral)),
        sides=Sides(referral.referrer, referral.friend, referral, None, flagged_sides(referral)),
        trigger_key=f"referral:{referral.pk}:sign_up",
    )
