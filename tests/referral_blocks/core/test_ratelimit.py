from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from limits import parse

from referral_blocks.core.ratelimit import LocalWindows

MINUTE = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
LIMIT = parse("4/minute")


def hits(windows, count, *, seconds, caller="ana", purpose="form"):
    with time_machine.travel(MINUTE + timedelta(seconds=seconds), tick=False):
        return [windows.hit(LIMIT, purpose, caller) for _ in range(count)].count(True)


def test_so_many_are_let_through_a_minute():
    assert hits(LocalWindows(), 6, seconds=0) == 4


def test_callers_and_purposes_are_counted_apart():
    windows = LocalWindows()
    assert hits(windows, 6, seconds=0) == 4
    assert hits(windows, 6, seconds=0, caller="bo") == 4
    assert hits(windows, 6, seconds=0, purpose="visit") == 4


@pytest.mark.parametrize(("seconds", "more"), [(59, 0), (60, 0), (90, 2), (119, 4), (120, 4), (600, 4)])
def test_the_minute_before_weighs_less_and_less(seconds, more):
    windows = LocalWindows()
    hits(windows, 4, seconds=30)
    assert hits(windows, 6, seconds=seconds) == more
