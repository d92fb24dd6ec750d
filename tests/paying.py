"""Brings rewards to the provider “fake” for tests of sending, and says what became of them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import time_machine
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks.flows import tasks
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.mature_rewards import resume_work
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.referrers.models import ReferrerStanding
from tests.reversals import AT_ONCE, sell, sold

ABOUT_PAYOUTS = ("send_payout", "read_back_payout", "carry_out_reversal", "process_provider_event")
CASH = {**AT_ONCE, "title": "£20", "method": "fake"}


def confirmed(**rule: Any) -> Payout:
    """A payout of £20 that waits in the queue."""
    sold({**CASH, **rule})
    return Payout.objects.get()


def another(number: int = 2) -> Payout:
    """One more, of the same person, for another sale."""
    reward = sell(Payout.objects.earliest("pk").program, number)
    return Payout.objects.get(items__reward=reward, items__released=False)


def state(payout: Payout) -> tuple[str, str]:
    """The payout’s state, and why it is parked."""
    payout.refresh_from_db()
    return payout.state, payout.parked


def attempts(payout: Payout) -> list[tuple[str, int]]:
    """Outcome and tries of each, oldest first."""
    return list(PayoutAttempt.objects.filter(payout=payout).values_list("outcome", "tries"))


def work() -> int:
    """Run every task that is queued, as a worker does: one that fails is gone. Returns how many were about payouts."""
    count = 0
    while queued := OrmQ.objects.order_by("pk").first():
        task = queued.task
        queued.delete()
        name = str(task["func"])
        if name.startswith("referral_blocks.flows.tasks."):
            short = name.rsplit(".", 1)[1]
            count += short in ABOUT_PAYOUTS
            getattr(tasks, short)(*task["args"])
    return count


def sweep() -> int:
    """Let the sweeper and a worker do all that is due."""
    resume_work()
    return work()


@contextmanager
def later(**time: float) -> Any:
    with time_machine.travel(timezone.now() + timedelta(**time)):
        yield


def standing() -> tuple[int, int]:
    """What the referrer waits for, and has."""
    return ReferrerStanding.objects.values_list("pending_minor", "earned_minor").get()


def books_agree() -> bool:
    return check_ledger() == []
