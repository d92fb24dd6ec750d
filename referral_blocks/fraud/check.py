"""The socket of fraud checks: what a check is shown of a referral, and what it may find."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from referral_blocks.core.conf import get_conf
from referral_blocks.core.money import Money

CAPTURE, SALE = "capture", "sale"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One side's person. ``payout_keys`` are hashes of the accounts that their money goes to, as far as they are known;
    two people with a key in common are paid to one place."""

    person_id: int
    mailbox_key: str
    phone_key: str = ""
    payout_keys: frozenset[str] = frozenset()

    @property
    def host(self) -> str:
        return self.mailbox_key.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class SaleSeen:
    """The sale that is screened. ``usual`` are the amounts of the programme's sales just before it, in minor units."""

    amount: Money
    recorded_at: datetime
    usual: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockedHit:
    """An entry of the blocked list that fits. ``side`` is referrer, friend or both."""

    kind: str
    side: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Screening:
    """What is known when a referral is screened, as plain values.

    ``occasion`` is ``capture`` or ``sale``; ``sale`` is None at capture. The counts of friends and captures include
    this one, are known at capture only and stop at ``facts.MOST``.
    """

    occasion: str
    friend: PersonFacts
    referrer: PersonFacts
    captured_at: datetime
    visited_at: datetime | None = None
    twin_by_mailbox: bool = False  # somebody referred in this programme before has the friend’s mailbox, or phone
    twin_by_phone: bool = False
    known_customer: bool = False  # on the site's list of earlier customers
    bought_before: bool = False  # on this site, before this referral
    friends_in_hour: int = 0  # of this referrer
    friends_in_day: int = 0
    captures_from_address: int = 0  # within a day, in this programme
    address_of_referrer: bool = False  # the referrer was once captured from the same address
    blocked: tuple[BlockedHit, ...] = ()
    sale: SaleSeen | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What looks wrong: ``severity`` of models.Severity, ``side`` of models.SignalSide, a score from 1 to 100, and a
    sentence for staff."""

    severity: str
    side: str
    score: int
    evidence: str


class FraudCheck(ABC):
    """One thing that may look wrong; registered by alias in REFERRAL_BLOCKS["FRAUD_CHECKS"].

    Settings of a check are arguments of its constructor. A check looks at nothing but the facts that it is given.
    """

    name: str = ""  # the alias under which the host registered it
    label: str | Promise
    occasions: frozenset[str] = frozenset({CAPTURE, SALE})
    # Whether its score may add to an automatic block; a check that is often wrong only flags.
    may_block: bool = True

    @abstractmethod
    def inspect(self, screening: Screening) -> Finding | None:
        """What looks wrong here, or None."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A line of the setting, read but not yet imported."""

    alias: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> FraudCheck:
        """The check with the host's options; raises what a wrong path or option raises."""
        check: FraudCheck = import_string(self.path)(**self.options)
        check.name = self.alias
        return check


def registered_checks() -> list[Registered]:
    """Every line of REFERRAL_BLOCKS["FRAUD_CHECKS"]: a dotted path, or ``{"path": …, "options": {…}}``."""
    lines = []
    for alias, given in get_conf().FRAUD_CHECKS.items():
        line: Mapping[str, Any] = {"path": given} if isinstance(given, str) else given
        lines.append(Registered(alias, line["path"], line.get("options", {})))
    return lines


def check_labels() -> dict[str, str | Promise]:
    """Alias → the name that staff read; a check that cannot be imported keeps its alias."""
    labels: dict[str, str | Promise] = {}
    for line in registered_checks():
        try:
            labels[line.alias] = import_string(line.path).label
        except ImportError:
            labels[line.alias] = line.alias
    return labels
