"""The socket of reward rules: a kind works out how much a rule promises for what happened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from referral_blocks.core.conf import get_conf
from referral_blocks.core.money import Money


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What the marketer set: the rule's amount."""

    amount: Money


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """What happened."""

    amount: Money


class RewardKind(ABC):
    """One way to work out a reward; registered by alias in REFERRAL_BLOCKS["REWARD_KINDS"]."""

    label: str | Promise

    @abstractmethod
    def value(self, rule: RuleFacts, sale: SaleFacts) -> Money | None:
        """The reward in the rule's currency, or None when this sale earns nothing."""


def reward_kind(alias: str) -> RewardKind:
    """The kind registered under ``alias``; raises KeyError for one that the host has removed."""
    kind: type[RewardKind] = import_string(get_conf().REWARD_KINDS[alias])
    return kind()


def reward_kind_choices() -> list[tuple[str, str | Promise]]:
    """All registered kinds for a select field."""
    return [(alias, import_string(path).label) for alias, path in get_conf().REWARD_KINDS.items()]
