"""What an imagined referrer has achieved in a real programme: its own rewards, worth what its rules say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.utils import timezone

from referral_blocks.analytics.leaderboard import Place, public_name
from referral_blocks.analytics.standing import Milestone
from referral_blocks.core.money import POINTS, Money
from referral_blocks.groups.models import GroupOffer, GroupState
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Approval, Reason, RewardRule, RewardState, Trigger

from .portal_rows import GroupCard, RewardRow

LEAST = 2  # customers: one whose reward was received, one whose reward waits
CUSTOMERS = ("Sam", "Kim", "Ola", "Luca", "Mara", "Jo")  # the newest first
OTHERS = (("Noor", Stage.CAPTURED, 2), ("Ana", Stage.NURTURING, 6), ("Bo", Stage.EXPIRED, 100))


@dataclass(frozen=True, slots=True)
class History:
    """Friends and rewards, the newest first; ``qualified`` of the friends are customers."""

    visits: int = 0
    qualified: int = 0
    friends: list[Referral] = field(default_factory=list)
    rewards: list[RewardRow] = field(default_factory=list)

    @property
    def points(self) -> int:
        """Points that were received."""
        return self.worth(POINTS)[1]

    def worth(self, currency: str) -> tuple[int, int]:
        """Minor units of what is on its way, and of what was received."""
        rows = [row for row in self.rewards if row.amount.currency == currency]
        received = sum(row.amount.amount_minor for row in rows if row.state == RewardState.ISSUED)
        return sum(row.amount.amount_minor for row in rows) - received, received


def imagine(rules: list[RewardRule], program: Program) -> History:
    """Two customers or, where the first reward takes more, as many as it takes; ``rules`` are the active ones of the
    referrer's side."""
    now = timezone.now()
    counted = [r for r in rules if r.trigger == Trigger.SALE] or [r for r in rules if r.trigger == Trigger.SIGN_UP]
    first = min((rule.friend_from for rule in counted), default=1)
    qualified = max(LEAST, first) if first <= len(CUSTOMERS) else LEAST
    waits = [_waiting(rule, program, now - timedelta(days=1)) for rule in _earned(counted, qualified)]
    received = [_received(rule, program, now - timedelta(days=20)) for rule in _earned(counted, qualified - 1)]
    return History(48, qualified, _friends(qualified, now), waits + received)


def _earned(rules: list[RewardRule], number: int) -> list[RewardRule]:
    """What the friend with this number brings."""
    return [rule for rule in rules if rule.friend_from <= number <= (rule.friend_to or number)]


def _waiting(rule: RewardRule, program: Program, earned_at: datetime) -> RewardRow:
    """A reward of yesterday, and what this rule makes it wait for."""
    waits_for: list[tuple[str, datetime | None]] = []
    if rule.approval == Approval.PERSON:
        waits_for.append((str(Reason.APPROVAL.label), None))
    if rule.hold_days > 1:
        waits_for.append((str(Reason.HOLD.label), earned_at + timedelta(days=rule.hold_days)))
    state = RewardState.PENDING if waits_for else RewardState.RESERVED
    return _row(rule, program, state, earned_at, waits_for)


def _received(rule: RewardRule, program: Program, earned_at: datetime) -> RewardRow:
    return _row(rule, program, RewardState.ISSUED, earned_at)


def _row(
    rule: RewardRule,
    program: Program,
    state: RewardState,
    earned_at: datetime,
    waits_for: list[tuple[str, datetime | None]] | None = None,
) -> RewardRow:
    worth = Money(rule.amount_minor, rule.currency or program.currency)
    return RewardRow(rule.title, worth, state, str(state.label), earned_at, "#", waits_for=waits_for or [])


def _friends(qualified: int, now: datetime) -> list[Referral]:
    customers = [(name, Stage.QUALIFIED, 12 * place) for place, name in enumerate(CUSTOMERS[:qualified], start=1)]
    people = sorted((*customers, *OTHERS), key=lambda person: person[2])
    return [Referral(friend_name=n, stage=s, attributed_at=now - timedelta(days=d)) for n, s, d in people]


def next_milestone(rules: list[RewardRule], *, after: int) -> Milestone | None:
    """The rule that begins soonest after this many customers."""
    ahead = [r for r in rules if r.trigger == Trigger.SALE and r.friend_from > after]
    rule = min(ahead, key=lambda r: (r.friend_from, r.pk), default=None)
    return Milestone(rule.friend_from, rule.friend_from - after, rule.title) if rule else None


def with_place(places: list[Place], referrer: Referrer, friends: int) -> list[Place]:
    """The places with one more, behind all who brought as many friends."""
    ahead = [place for place in places if place.friends >= friends]
    own = Place(0, public_name(referrer), friends, timezone.now(), referrer)
    return [replace(p, rank=rank) for rank, p in enumerate([*ahead, own, *places[len(ahead) :]], start=1)]


def own_group(offer: GroupOffer) -> GroupCard:
    """A group of this offer that two friends have joined, and one of them has bought."""
    members = [("Kim", True), ("Sam", False)][: offer.size]
    deadline = timezone.now() + timedelta(hours=offer.hours) * 0.6
    state = "full" if len(members) == offer.size else GroupState.OPEN
    return GroupCard(
        "sample", offer.title, state, offer.size, len(members), 1, deadline, members, offer_id=offer.pk, is_own=True
    )
