"""A friend takes a place in a group.

Locks are taken in the order referral → standing of the opener → group. All friends in a group are the opener's own, so
whoever decides about a group, or sells to one of its members, holds the opener's standing: one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import NotFound, NotPossibleNow
from referral_blocks.core.states import lock
from referral_blocks.groups.models import Group, GroupMember, GroupState
from referral_blocks.groups.services import add_member, cannot_join, group_closed, group_full
from referral_blocks.links.services import primary_link
from referral_blocks.referrals.models import Referral, Review, Stage
from referral_blocks.referrals.services import CLOSED
from referral_blocks.referrers.standing import lock_standing

from .announce import announce
from .capture_referral import capture_referral
from .join_program import require_open

CLOSED_STAGES = (Stage.EXPIRED, *CLOSED)


@dataclass(frozen=True, slots=True)
class Asked:
    """For the caller's own records: whoever asks is always told the same, “Thank you, you will hear from us”, because
    anything else would tell who is somebody's friend already. ``member`` is None for one who cannot join."""

    member: GroupMember | None = None


def join_group_by_email(
    *, group: Group, email: str, name: str, accept_terms: bool, phone: str = "", locale: str = ""
) -> Asked:
    """The friend leaves their details with the opener's code, then joins; a friend who cannot leaves neither.

    Raises InvalidInput (paths ``email``, ``name``, ``phone``, ``acceptTerms``), and NotPossibleNow for what lies with
    the group, whoever asks: ``program_closed``, ``group_closed``, ``group_full``. What lies with the friend raises
    nothing: it would tell what is known of them.
    """
    require_open(group.offer.program)
    group.refresh_from_db(fields=["state", "deadline", "size"])
    if not _is_open(group):
        raise group_closed()
    if group.members.count() >= group.size:
        raise group_full()
    try:
        with transaction.atomic():
            captured = capture_referral(
                program=group.offer.program,
                email=email,
                name=name,
                accept_terms=accept_terms,
                phone=phone,
                locale=locale,
                code=primary_link(referrer=group.opener).code,
            )
            return Asked(join_group(group=group, referral=captured.referral))
    except NotPossibleNow as refusal:
        if refusal.code != cannot_join().code:
            raise
        return Asked()


def _is_open(group: Group) -> bool:
    return group.state == GroupState.OPEN and timezone.now() < group.deadline


def join_group(*, group: Group, referral: Referral) -> GroupMember:
    """The friend's place; joining again gives the same one.

    Raises NotFound (path ``group``) across programmes, and NotPossibleNow when the programme is closed
    (``program_closed``), the group's time is over (``group_closed``), no place is left (``group_full``), or the friend
    is the opener, somebody else's friend or in another group of the offer (``cannot_join_group``); then nothing is
    written.
    """
    if referral.program_id != group.offer.program_id:
        raise NotFound(_("There is no such group in this programme."), path=("group",))
    require_open(group.offer.program)
    with transaction.atomic():
        lock(referral)
        lock_standing(referrer=group.opener)
        lock(group)
        if member := GroupMember.objects.filter(group=group, referral=referral).first():
            return member
        if not _is_open(group):
            raise group_closed()
        if not _may_join(group, referral):
            raise cannot_join()
        member = add_member(group=group, referral=referral)
        announce(Kind.GROUP_JOINED, group, program=group.offer.program, referrer_id=group.opener_id)
        return member


def _may_join(group: Group, referral: Referral) -> bool:
    opener = group.opener.person
    return (
        referral.referrer_id == group.opener_id
        and referral.friend.mailbox_key != opener.mailbox_key
        and referral.stage not in CLOSED_STAGES
        and referral.review != Review.BLOCKED
        and not GroupMember.objects.filter(offer_id=group.offer_id, referral=referral, active=True).exists()
    )
