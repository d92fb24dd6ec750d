"""Sign-ins that are over, kept answers that nobody may ask for any more, secrets that sign no more, old news,
old messages and requests for links that nobody answered are deleted."""

from __future__ import annotations

from referral_blocks.access.answers import forget_answers
from referral_blocks.activity.services import forget_activity
from referral_blocks.emails.link_requests import forget_link_requests
from referral_blocks.referrers.sign_ins import forget_sign_ins
from referral_blocks.webhooks.endpoints.outbox import forget_deliveries
from referral_blocks.webhooks.endpoints.services import forget_old_secrets

LIMIT = 500  # a statement: SQLite takes a limited number of values
RUNS = 200
FORGET = (
    forget_answers,
    forget_sign_ins,
    forget_activity,
    forget_deliveries,
    forget_old_secrets,
    forget_link_requests,
)


def forget_expired() -> int:
    """Delete them; returns how many. Late or twice, the result is the same."""
    total = 0
    for forget in FORGET:
        for _run in range(RUNS):
            total += (gone := forget(limit=LIMIT))
            if gone < LIMIT:
                break
    return total
