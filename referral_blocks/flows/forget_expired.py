"""Sign-ins of apps that are over, kept answers that nobody may ask for any more, and old news are deleted."""

from __future__ import annotations

from referral_blocks.access.answers import forget_answers
from referral_blocks.activity.services import forget_activity
from referral_blocks.referrers.tokens import forget_app_sessions

LIMIT = 500  # a statement: SQLite takes a limited number of values
RUNS = 200


def forget_expired() -> int:
    """Delete them; returns how many. Late or twice, the result is the same."""
    total = 0
    for forget in (forget_answers, forget_app_sessions, forget_activity):
        for _run in range(RUNS):
            total += (gone := forget(limit=LIMIT))
            if gone < LIMIT:
                break
    return total
