"""The rows and cards of the portal's blocks, in words that a template only has to print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from referral_blocks.analytics.leaderboard import Place
from referral_blocks.core.money import POINTS, Money


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list, newest first; the addresses are query strings, empty at either end."""

    rows: list[Any]
    newer: str = ""
    older: str = ""
    number: int = 1


@dataclass(frozen=True, slots=True)
class RewardRow:
    """A reward in words. ``waits_for`` holds (reason, until when or None); ``url`` opens the reward's own page, so that
    it is for a verified session only."""

    title: str
    amount: Money
    state: str
    state_label: str
    earned_at: datetime
    url: str = ""
    needs_details: bool = False
    expires_at: datetime | None = None
    waits_for: list[tuple[str, datetime | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Board:
    """The places of the period that runs now; ``last_day`` is its last moment, None for one without end."""

    period: str
    places: list[Place]
    start: datetime | None = None
    last_day: datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group in words: ``state`` is open, full, complete or expired; ``members`` holds (first name, has bought)."""

    public_id: str
    title: str
    state: str
    size: int
    taken: int
    bought: int
    deadline: datetime
    members: list[tuple[str, bool]] = field(default_factory=list)
    offer_id: int | None = None
    is_own: bool = False

    @property
    def days(self) -> int:
        return self._left // 86_400

    @property
    def hours(self) -> int:
        return self._left // 3600 % 24

    @property
    def minutes(self) -> int:
        return self._left // 60 % 60

    @property
    def _left(self) -> int:
        return max(int((self.deadline - timezone.now()).total_seconds()), 0)

    @property
    def free(self) -> int:
        return max(self.size - self.taken, 0)


@dataclass(frozen=True, slots=True)
class Points:
    """What can be used now, and what goes next: (how many, when) or None."""

    left: int
    expires: tuple[int, datetime] | None = None

    @property
    def balance(self) -> Money:
        return Money(self.left, POINTS)
