"""The socket of reward rules: a kind works out how much a rule promises for what happened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from referral_blocks.core.conf import get_conf
from referral_blocks.core.money import Money


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What the marketer set: the rule's amount, in the currency of what it promises, and the kind's own options."""

    amount: Money
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """A sale, recorded or imagined. ``number`` is the how-manyeth of this friend."""

    amount: Money
    number: int = 1
    product: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FriendFacts:
    """``number`` is the how-manyeth qualified friend of the referrer, ``standing`` how many are customers now (None: as
    many as the number says); ``reached`` are the ids of the milestones that the referrer has reached with others;
    ``is_new`` is None when nobody has checked."""

    number: int = 1
    kind: str = "person"
    country: str = ""
    is_new: bool | None = None
    qualified_at: datetime | None = None
    standing: int | None = None
    reached: frozenset[int] = frozenset()

    @property
    def place(self) -> int:
        """What milestones and tiers count: the number, and never more than there are customers. Where earlier friends
        are none any more, later ones take their places."""
        return self.number if self.standing is None else min(self.number, self.standing)


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened, for rules to judge: one of the triggers, at a moment, with what is known of it."""

    trigger: str
    at: datetime
    friend: FriendFacts = field(default_factory=FriendFacts)
    sale: SaleFacts | None = None
    rank: int = 0  # a leaderboard's place, from 1
    rule_id: int = 0  # the rule whose reward somebody has chosen, where they choose


class RewardKind(ABC):
    """One way to work out a reward; registered by alias in REFERRAL_BLOCKS["REWARD_KINDS"]."""

    label: str | Promise
    needs_sale = False  # whether nothing can be worked out without a sale

    def clean_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The rule's options, checked and normalised; raises InvalidInput with path ``options``. None by default."""
        return {}

    @abstractmethod
    def value(self, rule: RuleFacts, sale: SaleFacts | None) -> Money | None:
        """The reward in the rule's currency, or None when this earns nothing."""

    def bounds(self, rule: RuleFacts) -> tuple[Money | None, Money | None]:
        """The least and the most that ``value`` can be, so that what can never be paid is refused before it is
        promised; None where the rule sets no such limit, which is the default."""
        return None, None

    def in_words(self, rule: RuleFacts) -> str:
        """How much it is, for visitors: “10 % of the sale, at most £50.00”. By default what the bounds say."""
        least, most = self.bounds(rule)
        if most is None:
            return ""
        return str(most) if least == most else _("up to %(most)s") % {"most": most}


def reward_kind(alias: str) -> RewardKind:
    """The kind registered under ``alias``; raises KeyError for one that the host has removed."""
    kind: type[RewardKind] = import_string(get_conf().REWARD_KINDS[alias])
    return kind()


def reward_kind_choices() -> list[tuple[str, str | Promise]]:
    """All registered kinds for a select field."""
    return [(alias, import_string(path).label) for alias, path in get_conf().REWARD_KINDS.items()]
