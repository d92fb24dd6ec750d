"""A referrer says where their first name may be read."""

from __future__ import annotations

from django.db import transaction

from referral_blocks.links.services import set_greeting
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.services import set_consents
from referral_blocks.referrers.standing import lock_standing


def change_consents(*, referrer: Referrer, greeting: bool, leaderboard: bool) -> None:
    """Greet friends through the primary link with the first name, or through every link neutrally; show the name on
    leaderboards, or “Anonymous”. For a referrer whose mailbox is verified: the name is the one they are enrolled with.
    """
    with transaction.atomic():
        lock_standing(referrer=referrer)
        set_consents(referrer=referrer, greeting=greeting, leaderboard=leaderboard)
        set_greeting(referrer=referrer, name=referrer.person.first_name if greeting else "")
