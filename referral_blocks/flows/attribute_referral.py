"""Staff credit a friend to a referrer by hand, or move the credit to another referrer, and say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput, NotPossibleNow, gathering
from referral_blocks.core.states import lock
from referral_blocks.core.text import clean_text
from referral_blocks.groups.models import GroupMember
from referral_blocks.people.services import clean_particulars, get_or_create_person
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrals.models import AttributionMethod, Referral
from referral_blocks.referrals.services import UNEARNED, give_to, note_manual
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.models import Reward

from .announce import announce
from .credit_friend import credit_friend
from .refer_by_name import require_referrer
from .screen_referral import screen_referral

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def attribute_referral(
    *,
    program: Program,
    referrer: Referrer,
    email: str,
    name: str,
    reason: str,
    actor: User | None,
    phone: str = "",
) -> Referral:
    """The friend's referral, credited to ``referrer`` from now on; who decided and why is kept. A friend who is this
    referrer's already stays as they are.

    Raises InvalidInput with all that is wrong (paths ``email``, ``name``, ``phone``, ``reason``), else with path
    ``referrer`` for one who would refer themselves, NotFound for a referrer of another programme, and NotPossibleNow
    (``has_rewards``) once the friend has qualified or rewards were promised, or (``wrong_state``) while they have a
    place in a group of the referrer so far; then nothing is written.
    """
    with gathering() as mistakes:
        with mistakes.check():
            given = clean_particulars(email=email, name=name, phone=phone)
        with mistakes.check():
            note = clean_text(reason, max_length=500, path=("reason",), lines=True)
    require_referrer(program, referrer)
    with transaction.atomic():
        friend = get_or_create_person(given=given)
        if friend.pk == referrer.person_id:
            raise InvalidInput(_("Nobody can refer themselves."), code="self_referral", path=("referrer",))
        referral, created = credit_friend(
            program=program,
            referrer=referrer,
            friend=friend,
            terms_version=current_terms(program=program),
            method=AttributionMethod.MANUAL,
            friend_name=given.name,
        )
        if created:
            note_manual(referral=referral, before=None, note=note, actor=actor)
        else:
            _move(referral, referrer, note, actor)
    return referral


def _move(referral: Referral, referrer: Referrer, note: str, actor: User | None) -> None:
    lock(referral)
    if referral.referrer_id == referrer.pk:
        return
    before = Referrer.objects.get(pk=referral.referrer_id)
    # Always in the order of their keys, so that two moves at once never wait for each other.
    for one in sorted((before, referrer), key=lambda r: r.pk):
        lock_standing(referrer=one)
    if referral.stage not in UNEARNED or Reward.objects.filter(referral=referral).exists():
        raise NotPossibleNow(
            _("Rewards were promised for this friend, so the credit stays where it is."), code="has_rewards"
        )
    if GroupMember.objects.filter(referral=referral, active=True).exists():
        raise NotPossibleNow(_("This friend has a place in a group deal, so the credit stays where it is for now."))
    give_to(referral=referral, referrer=referrer, note=note, actor=actor)
    for one in (before, referrer):
        announce(Kind.REFERRAL_MOVED, referral, program=referrer.program, referrer_id=one.pk)
    screen_referral(referral=referral)
