"""Payouts through the queue against a bare loop with the same HTTP calls over as many connections as there are workers,
rounds in turn; and the memory of the worker over many payouts. The provider is a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import pytest
from django.conf import settings
from django.db import connection

from referral_blocks.core.heartbeat import age
from referral_blocks.core.money import Money
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.provider import Outcome, PayoutRequest, Recipient
from referral_blocks.payouts.providers.stripe.transfers import StripeTransfers
from tests.processes import ROOT, wait_for
from tests.standins import StandIn, stripe_process

from .database import database_url
from .payout_load import AMOUNT, make_payouts, make_recipients, queue_payouts

# How long the provider takes for one answer. Real ones take 0.2 to 1 second; the longer, the less our own work shows.
ANSWER_SECONDS = float(os.environ.get("BENCHMARK_ANSWER_SECONDS", "0.3"))
ROUNDS, PER_ROUND = 3, int(os.environ.get("BENCHMARK_PER_ROUND", "160"))
AT_LEAST = 0.7
PAYOUTS = int(os.environ.get("BENCHMARK_PAYOUTS", "10000"))
AT_MOST = 1.1  # the last quarter's memory over the second quarter's
RECIPIENTS = 50
WORKERS = int(settings.Q_CLUSTER["workers"])


@pytest.fixture
def stripe() -> Iterator[StandIn]:
    with stripe_process() as stand_in:
        yield stand_in


@contextmanager
def worker(stripe: StandIn, data: Path) -> Iterator[psutil.Process]:
    """The supervised worker as a site runs it, alive; on the test's database."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "cms.settings.dev",
        "DEBUG": "0",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(data),
        "SECRET_KEY": settings.SECRET_KEY,
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        "LOG_LEVEL": "WARNING",
        "STRIPE_SECRET_KEY": stripe.api_key,
        "STRIPE_API_URL": stripe.base_url,
    }
    with (data / "worker.log").open("wb") as log:
        command = [sys.executable, "manage.py", "referral_worker"]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            wait_for(age, why="the worker did not start")
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def paid() -> int:
    return Payout.objects.filter(state="paid").count()


def through_the_queue(*, first: int, last: int) -> float:
    """Payouts a second, from the moment their tasks can be seen until the last answer is written down."""
    before = paid()
    queue_payouts(first=first, last=last)
    start = time.time()
    count = last - first + 1
    wait_for(lambda: paid() == before + count, seconds=60 + count * 2, why="not every payout was paid")
    end = PayoutAttempt.objects.latest("finished_at").finished_at
    assert end is not None
    return count / (end.timestamp() - start)


def bare_loop(stripe: StandIn, count: int) -> float:
    """The same calls a second: the same adapter and connections, without queue and database."""
    provider = StripeTransfers(api_key=stripe.api_key, api_url=stripe.base_url)
    account = stripe.active_account()

    def call(_number: int) -> Outcome:
        key = str(uuid.uuid4())
        body = {
            "amount": AMOUNT, "currency": "gbp", "destination": account, "description": "£20",
            "transfer_group": f"payout_{key}", "metadata": {"payout_id": key},
        }  # fmt: skip
        request = PayoutRequest(key, key, Money(AMOUNT, "GBP"), Recipient("", "", account), body, tried_before=False)
        return provider.send(request).outcome

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(call, range(WORKERS)))  # opens the connections
        start = time.time()
        outcomes = list(pool.map(call, range(count)))
        took = time.time() - start
    assert set(outcomes) == {Outcome.PAID}
    return count / took


@pytest.mark.timeout(1_800)
@pytest.mark.django_db(transaction=True)
def test_the_queue_pays_nearly_as_fast_as_a_bare_loop(stripe: StandIn, tmp_path: Path) -> None:
    referrers = make_recipients(stripe, RECIPIENTS)
    make_payouts(referrers, first=0, last=(ROUNDS + 1) * PER_ROUND - 1)
    with worker(stripe, tmp_path):
        through_the_queue(first=0, last=PER_ROUND - 1)  # warms up: every process has its connections and its code
        stripe.fault("slow", path_prefix="/v1/transfers", method="POST", seconds=ANSWER_SECONDS)
        rates = [
            (
                bare_loop(stripe, PER_ROUND),
                through_the_queue(first=number * PER_ROUND, last=(number + 1) * PER_ROUND - 1),
            )
            for number in range(1, ROUNDS + 1)
        ]
    ratio = median(queued / bare for bare, queued in rates)
    print(f"\n{connection.vendor}: {ROUNDS} rounds of {PER_ROUND} payouts, {WORKERS} at a time, in turn;", end=" ")
    print(f"the provider answers after {ANSWER_SECONDS} s")
    print(f"  {'bare loop':<28}{median(bare for bare, _queued in rates):>8.2f} payouts/s (median)")
    print(f"  {'through the queue':<28}{median(queued for _bare, queued in rates):>8.2f} payouts/s (median)")
    overhead = median(1_000 * WORKERS * (1 / queued - 1 / bare) for bare, queued in rates)
    print(f"  {'our own work':<28}{overhead:>8.0f} ms a payout and worker (median)")
    print(f"  {'ratio, median of rounds':<28}{ratio:>8.2f} (at least {AT_LEAST})   rounds:", end=" ")
    print(*(f"{queued / bare:.2f}" for bare, queued in rates))
    assert ratio >= AT_LEAST


@dataclass(frozen=True, slots=True)
class Sample:
    """Resident memory in MB when so many payouts were paid: of all the worker's processes, and of the largest."""

    paid: int
    total: float
    largest: float


def sample(supervisor: psutil.Process) -> Sample:
    sizes = []
    for process in [supervisor, *supervisor.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # one that was recycled this moment
            sizes.append(process.memory_info().rss / 2**20)
    return Sample(paid(), sum(sizes), max(sizes))


@pytest.mark.timeout(1_800)
@pytest.mark.django_db(transaction=True)
def test_the_workers_memory_is_flat(stripe: StandIn, tmp_path: Path) -> None:
    referrers = make_recipients(stripe, RECIPIENTS)
    make_payouts(referrers, first=0, last=PAYOUTS - 1)
    samples: list[Sample] = []
    with worker(stripe, tmp_path) as supervisor:
        start = time.time()
        queue_payouts(first=0, last=PAYOUTS - 1)
        while not samples or samples[-1].paid < PAYOUTS:
            assert time.time() - start < 60 + PAYOUTS / 4, "not every payout was paid"
            time.sleep(0.5)
            samples.append(sample(supervisor))
        took = time.time() - start
    quarters = [[s for s in samples if number <= s.paid * 4 / PAYOUTS < number + 1] for number in range(4)]
    print(f"\n{connection.vendor}: {PAYOUTS:,} payouts in {took:.0f} s, {PAYOUTS / took:.0f} a second,", end=" ")
    print("the provider answers at once")
    print(f"  {'median, MB':<24}{'1st':>8}{'2nd':>8}{'3rd':>8}{'4th quarter':>14}   ratio of 4th to 2nd")
    ratios = []
    for name, label in (("total", "all processes"), ("largest", "the largest process")):
        sizes = [median(getattr(s, name) for s in quarter) for quarter in quarters]
        ratios.append(sizes[3] / sizes[1])
        print(f"  {label:<24}" + "".join(f"{size:>8.0f}" for size in sizes[:3]), end="")
        print(f"{sizes[3]:>14.0f}   {ratios[-1]:.3f} (at most {AT_MOST})")
    assert stripe.books()["totals"] == {"GBP": PAYOUTS * AMOUNT}
    assert max(ratios) <= AT_MOST
