"""A referrer opens a group for an offer."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import NotFound, NotPossibleNow
from referral_blocks.groups.models import Group, GroupOffer, GroupState
from referral_blocks.groups.services import create_group, too_many_groups
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.standing import lock_standing

from .announce import announce
from .expire_groups import expire_group
from .join_program import require_open


def open_group(*, referrer: Referrer, offer: GroupOffer) -> Group:
    """A new group with the offer's size and time. A referrer has one open group an offer.

    Raises NotFound (path ``offer``) for an offer of another programme and NotPossibleNow when the programme is closed,
    the offer is not given any more, or a group is open; then nothing is written.
    """
    if offer.program_id != referrer.program_id:
        raise NotFound(_("There is no such offer in this programme."), path=("offer",))
    require_open(referrer.program)
    if not offer.active:
        raise NotPossibleNow(_("This offer is not given any more."), code="offer_closed", path=("offer",))
    with transaction.atomic():
        lock_standing(referrer=referrer)
        # A group whose time is over is as good as expired, also when the clock's task has not come by.
        earlier = Group.objects.filter(offer=offer, opener=referrer, state=GroupState.OPEN).first()
        if earlier is not None:
            if timezone.now() < earlier.deadline:
                raise too_many_groups()
            expire_group(group=earlier)
        group = create_group(offer=offer, opener=referrer)
        announce(Kind.GROUP_OPENED, group, program=referrer.program, referrer_id=referrer.pk)
        return group
