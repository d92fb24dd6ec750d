"""What an imagined referrer has achieved, for the block chooser's previews of the portal's blocks."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from referral_blocks.analytics.leaderboard import OwnPlace, Place
from referral_blocks.analytics.standing import Milestone, Standing
from referral_blocks.core.money import Money
from referral_blocks.groups.models import GroupOffer
from referral_blocks.programs.models import Period, Program
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reason, RewardRule, RewardState, Side, Trigger

from .portal_rows import Board, GroupCard, Listed, Points, RewardRow

FRIENDS = (("Kim", Stage.QUALIFIED, 20), ("Sam", Stage.QUALIFIED, 12), ("Noor", Stage.CAPTURED, 2))


class SamplePortal:
    """Answers as an Audience would, and reads nothing."""

    def standing(self, referrer: Referrer) -> Standing:
        milestone = Milestone(3, 1, _("50 € voucher"))
        return Standing(48, 3, 2, Money(2000, "EUR"), Money(2000, "EUR"), milestone)

    def rules_for(self, program: Program, trigger: str) -> list[RewardRule]:
        titles = {
            Trigger.SALE: [(Side.REFERRER, _("50 € voucher"), 3, 1), (Side.REFERRER, _("A day at the spa"), 10, 1)],
            Trigger.PERIOD: [(Side.REFERRER, _("Weekend for two"), 1, 1)],
            Trigger.GROUP: [(Side.FRIEND, _("15 € off"), 1, 1), (Side.REFERRER, _("30 € gift card"), 1, 1)],
        }
        return [
            RewardRule(side=side, title=title, trigger=trigger, friend_from=number, rank_to=last)
            for side, title, number, last in titles.get(Trigger(trigger), [])
        ]

    def reward_rows(self, referrer: Referrer) -> Listed:
        now, worth = timezone.now(), Money(2000, "EUR")
        waits = [(str(Reason.HOLD.label), now + timedelta(days=9))]
        states = (RewardState.PENDING, RewardState.ISSUED)
        return Listed(
            [
                RewardRow(_("20 € gift card"), worth, state, str(state.label), now - timedelta(days=days), "#", **more)
                for state, days, more in zip(states, (5, 20), ({"waits_for": waits}, {}), strict=True)
            ]
        )

    def friend_rows(self, referrer: Referrer) -> Listed:
        now = timezone.now()
        return Listed([Referral(friend_name=n, stage=s, attributed_at=now - timedelta(days=d)) for n, s, d in FRIENDS])

    def board(self, program: Program, *, limit: int) -> Board:
        now = timezone.now()
        people = (("Ana E.", 9, 1), ("Alex E.", 7, None), (_("Anonymous"), 4, 3), ("Bo T.", 2, 4))
        places = [
            Place(rank, name, friends, now, Referrer(pk=pk)) for rank, (name, friends, pk) in enumerate(people, start=1)
        ]
        return Board(Period.MONTH, places[:limit], now, now + timedelta(days=9))

    def own_place(self, referrer: Referrer) -> OwnPlace:
        return OwnPlace(2, 7)

    def group_offers(self, program: Program) -> list[GroupOffer]:
        return [GroupOffer(pk=1, title=_("Three friends, one price"), size=3, hours=72)]

    def own_groups(self, referrer: Referrer) -> list[GroupCard]:
        deadline = timezone.now() + timedelta(days=2, hours=5)
        members = [("Kim", True), ("Sam", False)]
        return [GroupCard("sample", _("Three friends, one price"), "open", 3, 2, 1, deadline, members, 1, True)]

    def invited_group(self, program: Program) -> None:
        return None

    def points(self, referrer: Referrer) -> Points:
        return Points(450, (100, timezone.now() + timedelta(days=40)))

    def exchanges(self, referrer: Referrer) -> dict[int, int]:
        return {}

    def points_offers(self, program: Program) -> list[RewardRule]:
        return [
            RewardRule(pk=1, title=_("10 € off the next visit"), points_price=300),
            RewardRule(pk=2, title=_("Gift box"), points_price=800, stock=4),
        ]
