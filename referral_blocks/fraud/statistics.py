"""Which check finds what, how often people agree with it, and how much of their work it makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from django.utils.functional import Promise

from referral_blocks.programs.models import Program

from .check import check_labels
from .models import Decision, ReviewDecision, RiskSignal
from .sides import covered


@dataclass(frozen=True, slots=True)
class CheckStatistics:
    """``approved`` and ``blocked`` count signals that people decided about, ``precision`` is the blocked share of
    these, ``median_wait`` the time from signal to decision. ``work`` is the check's share of all decided referrals,
    each split evenly between the checks that had spoken of it; all shares add up to 1."""

    check_name: str
    label: str | Promise
    signals: int
    approved: int
    blocked: int
    precision: Decimal | None
    median_wait: timedelta | None
    work: Decimal


class _Signal(NamedTuple):
    pk: int
    referral_id: int
    check_name: str
    side: str
    created_at: datetime


class _Decided(NamedTuple):
    referral_id: int
    side: str
    decision: str
    last_signal_id: int
    created_at: datetime


@dataclass(slots=True)
class _Tally:
    signals: int = 0
    approved: int = 0
    blocked: int = 0
    waits: list[timedelta] = field(default_factory=list)
    work: Decimal = Decimal(0)


def check_statistics(
    *, program: Program | None = None, since: datetime | None = None, until: datetime | None = None
) -> list[CheckStatistics]:
    """One line a check that found something between ``since`` and ``until`` (exclusive), most work first. Two queries.

    A signal is blocked when people blocked one of its sides, approved when they approved what they decided. Automatic
    blocks are nobody's judgement and do not count.
    """
    signals = _signals(program, since, until)
    decisions = _decisions(signals, program, since)
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    spoke: dict[int, set[str]] = defaultdict(set)
    for signal in signals:
        tally = tallies[signal.check_name]
        tally.signals += 1
        if verdict := _verdict(signal, decisions.get(signal.referral_id, [])):
            tally.blocked += verdict.decision == Decision.BLOCK
            tally.approved += verdict.decision == Decision.APPROVE
            tally.waits.append(verdict.created_at - signal.created_at)
            spoke[signal.referral_id].add(signal.check_name)
    for names in spoke.values():
        for name in names:
            tallies[name].work += Decimal(1) / len(names)
    labels = check_labels()
    lines = [_line(name, tally, len(spoke), labels.get(name, name)) for name, tally in tallies.items()]
    return sorted(lines, key=lambda line: (-line.work, line.check_name))


def _signals(program: Program | None, since: datetime | None, until: datetime | None) -> list[_Signal]:
    rows = RiskSignal.objects.order_by("pk")
    if program is not None:
        rows = rows.filter(referral__program=program)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    if until is not None:
        rows = rows.filter(created_at__lt=until)
    return [_Signal(*row) for row in rows.values_list(*_Signal._fields)]


def _decisions(
    signals: Iterable[_Signal], program: Program | None, since: datetime | None
) -> dict[int, list[_Decided]]:
    rows = ReviewDecision.objects.filter(automatic=False).order_by("pk")
    if program is not None:
        rows = rows.filter(referral__program=program)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    wanted = {signal.referral_id for signal in signals}
    found: dict[int, list[_Decided]] = defaultdict(list)
    for row in rows.values_list(*_Decided._fields):
        decided = _Decided(*row)
        if decided.referral_id in wanted:
            found[decided.referral_id].append(decided)
    return found


def _verdict(signal: _Signal, decisions: list[_Decided]) -> _Decided | None:
    """The first decision about each of the signal's sides; a block among them speaks for the signal."""
    firsts = []
    for side in covered(signal.side):
        about = (d for d in decisions if d.last_signal_id >= signal.pk and side in covered(d.side))
        if first := next(about, None):
            firsts.append(first)
    blocks = [d for d in firsts if d.decision == Decision.BLOCK]
    return min(blocks or firsts, key=lambda d: d.created_at, default=None)


def _line(name: str, tally: _Tally, reviewed: int, label: str | Promise) -> CheckStatistics:
    decided = tally.approved + tally.blocked
    return CheckStatistics(
        check_name=name,
        label=label,
        signals=tally.signals,
        approved=tally.approved,
        blocked=tally.blocked,
        precision=Decimal(tally.blocked) / decided if decided else None,
        median_wait=_middle(tally.waits),
        work=tally.work / reviewed if reviewed else Decimal(0),
    )


def _middle(waits: list[timedelta]) -> timedelta | None:
    if not waits:
        return None
    return timedelta(microseconds=median(wait // timedelta(microseconds=1) for wait in waits))
