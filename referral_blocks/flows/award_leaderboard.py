"""A leaderboard's period is over: its places win what the rules promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from referral_blocks.analytics.leaderboard import leaderboard
from referral_blocks.analytics.models import LeaderboardResult
from referral_blocks.fraud.selectors import under_review
from referral_blocks.programs.models import Period, Program, ProgramStatus
from referral_blocks.programs.periods import Span, span_at
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.models import Reward, RewardRule, Side, Trigger
from referral_blocks.rewards.rule import Happening
from referral_blocks.rewards.services import Sides

from .each import for_each
from .earn_rewards import earn_rewards

MOMENT = timedelta(microseconds=1)
NEVER = datetime.min.replace(tzinfo=UTC)
GRACE = timedelta(hours=24)  # tills tell of the last evening's sales on the next day
MOST_SPANS = 60  # in one run: the next one goes on
MOST_PLACES = 1_000


def award_leaderboards() -> int:
    """Settle every programme that promises prizes; returns the number of rewards."""
    programs = Program.objects.exclude(status=ProgramStatus.DRAFT).filter(
        pk__in=RewardRule.objects.filter(trigger=Trigger.PERIOD, active=True).values("program_id")
    )
    now = timezone.now()

    def award(program: Program) -> int:
        return len(award_leaderboard(program=program, at=now))

    return sum(for_each(programs.order_by("pk"), award))


def award_leaderboard(*, program: Program, at: datetime) -> list[Reward]:
    """Award the span that was over a day before ``at``, and those before it back to the one awarded last, each once: a
    second run, at the same time or later, finds the places decided. Returns the new rewards."""
    rewards: list[Reward] = []
    for _turn in range(MOST_SPANS):
        span = _next_span(program, at - GRACE)
        if span is None:
            break
        rewards += _award(program, span)
    return rewards


def _next_span(program: Program, at: datetime) -> Span | None:
    """The earliest span ended by ``at`` that is not settled; for a new leaderboard the one that has just ended.

    It begins where the last settled one ended, whatever the period was then: no day counts twice.
    """
    done = LeaderboardResult.objects.filter(program=program).order_by("-ends_at").first()
    if program.leaderboard_period == Period.EVER:
        end = program.ends_at or _ended_at(program, at)
        start = done.ends_at if done else None
        return Span(Period.EVER, start, end) if end and (start or NEVER) < end <= at else None
    if done is not None:
        span = span_at(program=program, period=program.leaderboard_period, at=done.ends_at)
        span = replace(span, start=max(span.start or done.ends_at, done.ends_at))
    else:
        current = span_at(program=program, period=program.leaderboard_period, at=at)
        assert current.start is not None  # noqa: S101 - only the whole programme has no start
        span = span_at(program=program, period=program.leaderboard_period, at=current.start - MOMENT)
    return span if span.end and program.created_at < span.end <= at else None


def _ended_at(program: Program, at: datetime) -> datetime | None:
    if program.status != ProgramStatus.ENDED:
        return None
    change = program.changes.filter(field="status", to_state=ProgramStatus.ENDED).order_by("-pk").first()
    return change.created_at if change else at


def _award(program: Program, span: Span) -> list[Reward]:
    assert span.end is not None  # noqa: S101 - it has ended
    with transaction.atomic():
        _result, first = LeaderboardResult.objects.get_or_create(
            program=program, span_key=span.key, defaults={"ends_at": span.end}
        )
        if not first:
            return []
        prizes = RewardRule.objects.filter(program=program, trigger=Trigger.PERIOD, active=True)
        places = leaderboard(
            program=program, span=span, limit=min(prizes.aggregate(last=Max("rank_to"))["last"] or 0, MOST_PLACES)
        )
        # All standings before the first reward, in one order: nobody who holds one waits for another.
        for place in sorted(places, key=lambda place: place.referrer.pk):
            lock_standing(referrer=place.referrer)
        flagged = under_review(referrer_ids=[place.referrer.pk for place in places])
        rewards: list[Reward] = []
        for place in places:
            waiting = (Side.REFERRER,) if place.referrer.pk in flagged else ()
            rewards += earn_rewards(
                program=program,
                happening=Happening(trigger=Trigger.PERIOD, at=span.end, rank=place.rank),
                sides=Sides(place.referrer, flagged=waiting),
                trigger_key=f"period:{span.key}:{place.rank}",
            )
    return rewards
