"""What would go into a payout run, and what stays out and why: the same look for the preview and for the run itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.hashing import content_hash
from referral_blocks.core.money import Money, exponents
from referral_blocks.ledger.models import Account, LedgerLine
from referral_blocks.payouts.account import AccountStates, PayoutAccount
from referral_blocks.payouts.limits import policy_of
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.payouts.provider import Capabilities, PayoutProvider
from referral_blocks.payouts.registry import payout_provider
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import Reward, RewardChange, RewardState

from .pay_reward import waits_for_claim

MOST_REWARDS = 200  # of one person in one run: what one transaction locks stays bounded


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rewards a run is about: approved up to ``cut_off_at``, of people who are not ``excluded``."""

    program: Program
    provider: str
    currency: str
    cut_off_at: datetime
    excluded: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """One payout as it would be made, in minor units: ``gross_minor`` less ``netted_minor`` (below zero: added)."""

    person: Person
    rewards: tuple[Reward, ...]
    gross_minor: int
    netted_minor: int

    @property
    def amount_minor(self) -> int:
        return self.gross_minor - self.netted_minor

    @property
    def currency(self) -> str:
        return self.rewards[0].currency

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Stay:
    """A reward that is left for later: ``code`` is stable, ``words`` are for people."""

    reward: Reward
    code: str
    words: str | Promise


@dataclass(frozen=True, slots=True)
class Gathering:
    payouts: list[Planned] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)

    @property
    def total_minor(self) -> int:
        return sum(planned.amount_minor for planned in self.payouts)

    @property
    def people(self) -> int:
        return len({planned.person.pk for planned in self.payouts})

    @property
    def netted_minor(self) -> int:
        return sum(planned.netted_minor for planned in self.payouts)


WORDS: dict[str, str | Promise] = {
    "cut_off": _("Approved after the cut-off."),
    "claim": _("Its owner has not claimed it yet."),
    "details": _("We do not know where to send it: the payout account is not ready."),
    "excluded": _("Left out by a person."),
    "minimum": _("All of this person’s rewards together are below the smallest payout."),
    "above_cap": _("Above what may be sent in a day."),
    "currency": _("The provider does not pay in this currency."),
    "provider_minimum": _("Below what the provider sends."),
    "provider_maximum": _("Above what the provider sends."),
    "whole": _("The provider sends whole amounts only."),
    "many": _("One run takes at most 200 rewards of a person; the rest goes with the next."),
}


def gather(*, wanted: Wanted, person_ids: Iterable[int] | None = None) -> Gathering:
    """Everything approved for this provider, sorted into payouts and what stays; a handful of queries.

    Reads only. Who acts on it looks again with ``person_ids`` under the rewards' locks.
    """
    found = Gathering()
    rewards = approved_rewards(wanted)
    if person_ids is not None:
        rewards = rewards.filter(person_id__in=list(person_ids))
    by_person: dict[int, list[Reward]] = defaultdict(list)
    for reward in rewards:
        by_person[reward.person_id].append(reward)
    owed = _owed(wanted, rewards) if by_person else {}
    look = _Look(wanted)
    for person_id, theirs in by_person.items():
        look.at(theirs, owed.get(person_id, 0), found)
    return found


def approved_rewards(wanted: Wanted) -> QuerySet[Reward]:
    """All approved rewards of this programme, provider and currency, with when they were approved and whether their
    owner can be paid."""
    approvals = RewardChange.objects.filter(
        subject=OuterRef("pk"), field="state", to_state=RewardState.APPROVED, reason="clear"
    )
    ready = PayoutAccount.objects.filter(
        person=OuterRef("person_id"), provider=wanted.provider, state=AccountStates.READY
    )
    return (
        Reward.objects.filter(
            program=wanted.program, method=wanted.provider, currency=wanted.currency, state=RewardState.APPROVED
        )
        .select_related("person")
        .annotate(
            approved_at=Coalesce(Subquery(approvals.order_by("-pk").values("created_at")[:1]), F("created_at")),
            has_account=Exists(ready),
        )
        .order_by("person__name", "person_id", "pk")
    )


def _owed(wanted: Wanted, rewards: QuerySet[Reward]) -> dict[int, int]:
    """What each person owes (below zero: is owed), where the provider can send part of an amount."""
    if not payout_provider(wanted.provider).capabilities.divisible:
        return {}
    lines = LedgerLine.objects.filter(
        account=Account.CLAWBACK,
        currency=wanted.currency,
        entry__program=wanted.program,
        person_id__in=rewards.order_by().values("person_id"),
    )
    return dict(lines.order_by("person_id").values_list("person_id").annotate(total=Sum("amount_minor")))


class _Look:
    """One look over many people with the same limits."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.provider: PayoutProvider = payout_provider(wanted.provider)
        self.can: Capabilities = self.provider.capabilities
        self.policy: PayoutPolicy = policy_of(program_id=wanted.program.pk, currency=wanted.currency)

    def at(self, rewards: Sequence[Reward], owed: int, found: Gathering) -> None:
        ready: list[Reward] = []
        for reward in rewards:
            if code := self._why_not(reward):
                found.stays.append(Stay(reward, code, WORDS[code]))
            else:
                ready.append(reward)
        found.stays.extend(Stay(reward, "many", WORDS["many"]) for reward in ready[MOST_REWARDS:])
        planned = list(self._payouts(ready[:MOST_REWARDS], owed, found))
        least = self.policy.minimum_minor
        if least is not None and sum(payout.amount_minor for payout in planned) < least:
            for payout in planned:
                found.stays.extend(Stay(reward, "minimum", WORDS["minimum"]) for reward in payout.rewards)
            return
        found.payouts.extend(planned)

    def _why_not(self, reward: Reward) -> str:
        if reward.person_id in self.wanted.excluded:
            return "excluded"
        if waits_for_claim(reward=reward):
            return "claim"
        if self.can.needs_account and not reward.has_account:  # type: ignore[attr-defined]
            return "details"
        return "cut_off" if reward.approved_at > self.wanted.cut_off_at else ""  # type: ignore[attr-defined]

    def _payouts(self, rewards: Sequence[Reward], owed: int, found: Gathering) -> Iterator[Planned]:
        """Rewards with the same choices go together where the provider can; what a person owes is netted from the
        first payouts, as it will be when they are made."""
        groups: dict[str, list[Reward]] = defaultdict(list)
        for reward in rewards:
            key = content_hash(reward.method_options) if self.can.gathers else str(reward.pk)
            groups[key].append(reward)
        for group in groups.values():
            for part in self._parts(group):
                gross = sum(reward.amount_minor for reward in part)
                netted = min(owed, gross)
                amount = gross - netted
                if code_words := self._refusal(amount, part[0]):
                    found.stays.extend(Stay(reward, *code_words) for reward in part)
                    continue
                owed -= netted
                yield Planned(part[0].person, tuple(part), gross, netted)

    def _parts(self, rewards: Sequence[Reward]) -> Iterator[list[Reward]]:
        """As few payouts as the largest amount allows."""
        most = self._most()
        part: list[Reward] = []
        for reward in rewards:
            if part and most is not None and sum(r.amount_minor for r in part) + reward.amount_minor > most:
                yield part
                part = []
            part.append(reward)
        if part:
            yield part

    def _most(self) -> int | None:
        caps = (
            self.can.maximum_minor.get(self.wanted.currency),
            self.policy.daily_cap_minor,
            self.policy.person_cap_minor,
        )
        return min((cap for cap in caps if cap is not None), default=None)

    def _refusal(self, amount_minor: int, reward: Reward) -> tuple[str, str | Promise] | None:
        """Why the provider, or a day's cap, would never take this amount; one that is netted to nothing asks nobody."""
        currency, can = self.wanted.currency, self.can
        if not amount_minor:
            return None
        code = ""
        if can.currencies is not None and currency not in can.currencies:
            code = "currency"
        elif amount_minor < can.minimum_minor.get(currency, 0):
            code = "provider_minimum"
        elif amount_minor > can.maximum_minor.get(currency, amount_minor):
            code = "provider_maximum"
        elif can.whole_amounts and amount_minor % 10 ** exponents()[currency]:
            code = "whole"
        elif any(cap is not None and amount_minor > cap for cap in self._caps()):
            code = "above_cap"
        if code:
            return code, WORDS[code]
        try:
            self.provider.check_amount(Money(amount_minor, currency), reward.method_options)
        except InvalidInput as error:
            return error.code, error.message
        return None

    def _caps(self) -> tuple[int | None, int | None]:
        return self.policy.daily_cap_minor, self.policy.person_cap_minor
