"""The two sides of a referral: which wait for a decision, and which are decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from .models import Decision, ReviewDecision, RiskSignal, SignalSide

SIDES: tuple[str, ...] = (SignalSide.REFERRER, SignalSide.FRIEND)


@dataclass(frozen=True, slots=True)
class SideStates:
    """``open``: something was found that nobody has decided about. ``decided``: the last decision by side. ``told``:
    whether any check ever found anything."""

    open: frozenset[str] = frozenset()
    decided: dict[str, str] = field(default_factory=dict)
    told: bool = False

    @property
    def blocked(self) -> frozenset[str]:
        return frozenset(side for side, decision in self.decided.items() if decision == Decision.BLOCK)

    @property
    def waiting(self) -> frozenset[str]:
        """The sides that a flag means: the open ones; with no finding at all, those that nobody has decided about."""
        return self.open if self.told else frozenset(SIDES) - frozenset(self.decided)


def covered(side: str) -> tuple[str, ...]:
    """The sides that a signal's or decision's ``side`` means."""
    return SIDES if side == SignalSide.BOTH else (side,)


def judge_sides(signals: Collection[RiskSignal], decisions: Iterable[ReviewDecision]) -> SideStates:
    """A side is open when it has a signal that is younger than the last decision about it. A blocked side stays so,
    whatever is found later."""
    decided: dict[str, str] = {}
    known: dict[str, int] = {}
    for decision in decisions:
        for side in covered(decision.side):
            decided[side] = decision.decision
            known[side] = max(known.get(side, 0), decision.last_signal_id)
    states = SideStates(decided=decided)
    waiting = {side for s in signals for side in covered(s.side) if s.pk > known.get(side, 0)}
    return SideStates(frozenset(waiting - states.blocked), decided, bool(signals))
