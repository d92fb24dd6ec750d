"""What the portal's blocks show: each thing is read once a request, and costs the same whatever the history's size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from referral_blocks.analytics.leaderboard import OwnPlace, leaderboard, own_place
from referral_blocks.analytics.standing import Standing, standing_of
from referral_blocks.flows.return_points import EXCHANGE
from referral_blocks.groups.models import Group, GroupOffer
from referral_blocks.groups.selectors import counted_groups, group_offers, last_groups, state_now
from referral_blocks.ledger.points import next_to_expire, spendable
from referral_blocks.programs.models import Program
from referral_blocks.programs.periods import span_at
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reason, Reward, RewardRule, RewardState
from referral_blocks.rewards.page import reward_url
from referral_blocks.rewards.selectors import points_offers, rewards_of

from .portal_rows import Board, GroupCard, Listed, Points, RewardRow

PAGE = 10  # rows of a list on one page
LAST_PAGE = 1_000
MOST_GROUPS = 20
MOST_OFFERS = 24
GROUP_PARAMETER = "rb_group"


class PortalReads:
    """The part of an audience that the portal's blocks ask; ``once`` keeps the answers for the request."""

    request: HttpRequest | None
    once: Callable[[str, object, Callable[[], Any]], Any]
    offer: Callable[[Program], Any]

    def standing(self, referrer: Referrer) -> Standing:
        return self.once("standing", referrer.pk, lambda: standing_of(referrer=referrer))

    def reward_rows(self, referrer: Referrer) -> Listed:
        def read() -> Listed:
            rewards = rewards_of(person_id=referrer.person_id, program_id=referrer.program_id)
            return self._page("rb_rewards", rewards, lambda reward: _row(reward, referrer))

        return self.once("reward_rows", referrer.pk, read)

    def friend_rows(self, referrer: Referrer) -> Listed:
        def read() -> Listed:
            friends = Referral.objects.filter(referrer=referrer).order_by("-attributed_at", "-pk")
            return self._page("rb_friends", friends, lambda referral: referral)

        return self.once("friend_rows", referrer.pk, read)

    def board(self, program: Program, *, limit: int) -> Board:
        def read() -> Board:
            span = span_at(program=program, period=program.leaderboard_period, at=timezone.now())
            places = leaderboard(program=program, span=span, limit=limit)
            last = span.end - timedelta(microseconds=1) if span.end else None
            return Board(program.leaderboard_period, places, span.start, last)

        return self.once("board", (program.pk, limit), read)

    def own_place(self, referrer: Referrer) -> OwnPlace:
        def read() -> OwnPlace:
            program = referrer.program
            span = span_at(program=program, period=program.leaderboard_period, at=timezone.now())
            return own_place(program=program, span=span, referrer=referrer)

        return self.once("own_place", referrer.pk, read)

    def group_offers(self, program: Program) -> list[GroupOffer]:
        return self.once("group_offers", program.pk, lambda: list(group_offers(program_id=program.pk)[:MOST_GROUPS]))

    def own_groups(self, referrer: Referrer) -> list[GroupCard]:
        def read() -> list[GroupCard]:
            return [_card(g, named=True) for g in last_groups(referrer=referrer, limit=MOST_GROUPS)]

        return self.once("own_groups", referrer.pk, read)

    def rules_for(self, program: Program, trigger: str) -> list[RewardRule]:
        """The offers of both sides that wait for ``trigger``."""
        offer = self.offer(program)
        return [rule for rule in (*offer.referrer, *offer.friend) if rule.trigger == trigger]

    def invited_group(self, program: Program) -> GroupCard | None:
        """The group whose link, or whose form, the visitor comes from; its members' names are not for strangers."""

        def read() -> GroupCard | None:
            if self.request is None:
                return None
            asked = self.request.GET.get(GROUP_PARAMETER) or self.request.POST.get("group") or ""
            try:
                found = counted_groups().filter(public_id=asked, offer__program=program).first() if asked else None
            except (ValidationError, ValueError):
                found = None
            return _card(found, named=False) if found else None

        return self.once("invited_group", program.pk, read)

    def points(self, referrer: Referrer) -> Points:
        def read() -> Points:
            owner = {"program_id": referrer.program_id, "person_id": referrer.person_id}
            return Points(spendable(**owner), next_to_expire(**owner))

        return self.once("points", referrer.pk, read)

    def exchanges(self, referrer: Referrer) -> dict[int, int]:
        """How often the referrer has exchanged points, by the rule's id."""

        def read() -> dict[int, int]:
            had = Reward.objects.filter(person_id=referrer.person_id, program_id=referrer.program_id)
            had = had.order_by().filter(trigger_key__startswith=EXCHANGE)
            return dict(had.values_list("rule_id").annotate(Count("pk")))

        return self.once("exchanges", referrer.pk, read)

    def points_offers(self, program: Program) -> list[RewardRule]:
        return self.once("points_offers", program.pk, lambda: list(points_offers(program_id=program.pk)[:MOST_OFFERS]))

    def _page(self, name: str, rows: Any, shown: Callable[[Any], Any]) -> Listed:
        """One row more than is shown tells whether there is an older page: nothing is counted."""
        given = self.request.GET.get(name, "") if self.request is not None else ""
        number = min(int(given), LAST_PAGE) if given.isascii() and given.isdecimal() and len(given) < 6 else 1
        number = max(number, 1)
        found = list(rows[(number - 1) * PAGE : number * PAGE + 1])
        return Listed(
            rows=[shown(row) for row in found[:PAGE]],
            newer=self._query(name, number - 1) if number > 1 else "",
            older=self._query(name, number + 1) if len(found) > PAGE and number < LAST_PAGE else "",
            number=number,
        )

    def _query(self, name: str, number: int) -> str:
        """The address's query with another page of one list; what a form has just said is not said again."""
        query = self.request.GET.copy()  # type: ignore[union-attr]
        query.pop("rb", None)
        query[name] = str(number)
        return "?" + query.urlencode()


def _row(reward: Reward, referrer: Referrer) -> RewardRow:
    # What the address is made of is known: it costs no query a row.
    reward.person, reward.program = referrer.person, referrer.program
    reasons = list(reward.pending_reasons.all()) if reward.state == RewardState.PENDING else []
    return RewardRow(
        title=reward.title,
        amount=reward.amount,
        state=reward.state,
        state_label=str(reward.get_state_display()),
        earned_at=reward.created_at,
        url=reward_url(reward),
        needs_details=any(r.reason == Reason.PAYOUT_DETAILS for r in reasons),
        expires_at=reward.expires_at if reward.state in (RewardState.PENDING, RewardState.APPROVED) else None,
        waits_for=[(str(r.get_reason_display()), r.until) for r in reasons],
    )


def _card(group: Group, *, named: bool) -> GroupCard:
    taken, bought = group.taken, group.bought  # type: ignore[attr-defined] # counted_groups adds them
    members: Iterable[Any] = sorted(group.members.all(), key=lambda member: member.place) if named else ()
    return GroupCard(
        public_id=str(group.public_id),
        title=group.offer.title,
        state=state_now(group, taken=taken),
        size=group.size,
        taken=taken,
        bought=bought,
        deadline=group.deadline,
        members=[(m.referral.friend_first_name, m.bought_at is not None) for m in members],
        offer_id=group.offer_id,
        is_own=named,
    )
