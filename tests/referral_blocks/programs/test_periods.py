"""Spans of the calendar follow each other without a gap, also where clocks change at midnight."""

from datetime import UTC, datetime, timedelta

import pytest

from referral_blocks.programs.models import Period, Program
from referral_blocks.programs.periods import span_at

HALF_AN_HOUR = timedelta(minutes=30)
# Days around which clocks change: in the night, at midnight, back to midnight, by half an hour, by a whole day.
CHANGES = {
    "Europe/London": ("2026-03-29", "2026-10-25"),
    "Africa/Cairo": ("2026-04-24", "2026-10-30"),
    "America/Havana": ("2026-03-08", "2026-11-01"),
    "Atlantic/Azores": ("2026-03-29", "2026-10-25"),
    "America/Santiago": ("2026-04-05", "2026-09-06"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Pacific/Apia": ("2011-12-30",),
}


@pytest.mark.parametrize("period", [period for period in Period.values if period != Period.EVER])
@pytest.mark.parametrize(("zone", "day"), [(zone, day) for zone, days in CHANGES.items() for day in days])
def test_every_moment_is_in_one_span_and_each_ends_where_the_next_begins(zone, day, period):
    program = Program(time_zone=zone)
    noon = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=12)
    moments = [noon + n * HALF_AN_HOUR for n in range(-96, 97)]
    spans = {}
    for moment in moments:
        span = span_at(program=program, period=period, at=moment)
        start, end = span.start.astimezone(UTC), span.end.astimezone(UTC)
        assert start <= moment < end
        assert spans.setdefault(span.key, (start, end)) == (start, end)
    found = list(spans.values())
    assert [end for _start, end in found[:-1]] == [start for start, _end in found[1:]]


@pytest.mark.parametrize(
    ("period", "key", "start", "end"),
    [
        ("day", "2026-10-25", "2026-10-24T23:00", "2026-10-26T00:00"),
        ("week", "2026-W43", "2026-10-18T23:00", "2026-10-26T00:00"),
        ("month", "2026-10", "2026-09-30T23:00", "2026-11-01T00:00"),
        ("year", "2026", "2026-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_a_span_begins_and_ends_at_the_programmes_midnight(period, key, start, end):
    span = span_at(program=Program(time_zone="Europe/London"), period=period, at=datetime(2026, 10, 25, 12, tzinfo=UTC))
    given = (span.key, span.start.astimezone(UTC), span.end.astimezone(UTC))
    assert given == (key, *(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)))
