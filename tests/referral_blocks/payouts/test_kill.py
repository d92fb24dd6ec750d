"""200 payouts through a real cluster whose processes are killed at random, to providers whose answers get lost: each is
paid exactly once, by the providers' own books."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks.core import queue
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.selectors import balances
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.people.models import Person
from referral_blocks.rewards.models import Reward
from tests.make import make_link, make_program, make_referral
from tests.processes import ROOT
from tests.standins import StandIn, runa_process, stripe_process

from .impatient import IMPATIENT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(960), pytest.mark.patient]
SALES = 100  # of each a cash reward for the referrer and a gift card for the friend
KILLS = 20
SECONDS = 900  # a busy machine needs long; a quiet one two minutes
CASH = {
    "side": "referrer", "title": "£20", "amount_minor": 2000, "method": "stripe", "hold_days": 0,
    "approval": "automatic",
}  # fmt: skip
CARD = {
    "side": "friend", "title": "£10 card", "amount_minor": 1000, "method": "runa", "hold_days": 0,
    "approval": "automatic", "method_options": {"product": "SBX-ANY-GB"},
}  # fmt: skip


@pytest.fixture
def stripe() -> Iterator[StandIn]:
    with stripe_process() as stand_in:
        yield stand_in


@pytest.fixture
def runa() -> Iterator[StandIn]:
    with runa_process() as stand_in:
        yield stand_in


@pytest.fixture
def site(stripe, runa, monkeypatch, tmp_path) -> dict[str, str]:
    """The environment of the workers; this process has the same providers."""
    name = connection.settings_dict["NAME"]
    url = os.environ.get("DATABASE_URL", "")
    chosen = {
        "STRIPE_SECRET_KEY": stripe.api_key,
        "STRIPE_API_URL": stripe.base_url,
        "RUNA_API_KEY": runa.api_key,
        "RUNA_API_URL": runa.base_url,
    }
    for variable, value in chosen.items():
        monkeypatch.setenv(variable, value)
    from cms.settings.base import payout_providers

    mine = {**settings.REFERRAL_BLOCKS, **IMPATIENT, "PAYOUT_PROVIDERS": payout_providers()}
    monkeypatch.setattr(settings, "REFERRAL_BLOCKS", mine)
    return {
        **os.environ,
        **chosen,
        "DATABASE_URL": url.replace("/postgres?", f"/{name}?")
        if connection.vendor == "postgresql"
        else f"sqlite:///{name}",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "tests.referral_blocks.payouts.kill_site",
        "SECRET_KEY": settings.SECRET_KEY,
    }


@contextmanager
def workers(site: dict[str, str], count: int) -> Iterator[list[psutil.Process]]:
    """Supervised clusters on the test's own database."""
    command = [
        sys.executable,
        "manage.py",
        "referral_worker",
        "--beat-every",
        "1",
        "--stale-after",
        "5",
        "--longest-wait",
        "1",
    ]
    log = (Path(site["DATA_DIR"]) / "worker.log").open("wb")
    started = [subprocess.Popen(command, env=site, stdout=log, stderr=log, cwd=ROOT) for _ in range(count)]
    try:
        yield [psutil.Process(process.pid) for process in started]
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(60)
        print((Path(site["DATA_DIR"]) / "worker.log").read_text()[-6000:])


def owe(stripe: StandIn) -> None:
    """Sales that owe cash and a gift card each; the recipients' accounts are ready."""
    program = make_program(rules=(CASH, CARD))
    account_ids = [stripe.active_account() for _ in range(20)]
    links = [make_link(program, email=f"referrer{n}@example.com") for n in range(20)]
    for link, reference in zip(links, account_ids, strict=True):
        PayoutAccount.objects.create(
            person=link.referrer.person, provider="stripe", reference=reference, country="GB", state="ready"
        )
    for n in range(SALES):
        make_referral(program, email=f"friend{n}@example.com", link=links[n % 20])
        record_sale(
            program=program, source="api", external_id=str(n), friend_email=f"friend{n}@example.com", amount="100",
            currency="GBP",
        )  # fmt: skip


def trouble(stand_in: StandIn, path: str, seed: int) -> None:
    """Answers that are lost, late, refused or broken: about half of all."""
    for number, (kind, rule) in enumerate(
        [
            ("drop_after_commit", {"probability": 0.15}),
            ("status", {"status": 500, "probability": 0.08}),
            ("status", {"status": 503, "commit": True, "probability": 0.05}),
            ("rate_limit", {"probability": 0.05}),
            ("slow", {"seconds": 0.6, "when": "after", "probability": 0.7}),
        ]
    ):
        stand_in.fault(kind, path_prefix=path, method="POST", seed=seed + number, **rule)


def victims(supervisors: list[psutil.Process], dice: random.Random) -> list[psutil.Process]:
    """Workers, pusher and monitor of a random cluster that is up; now and then its main process and its guard."""
    clusters = []
    for supervisor in supervisors:
        with suppress(psutil.NoSuchProcess, IndexError):
            main = supervisor.children()[0]
            family = main.children(recursive=True)
            if len(family) > 4:
                clusters.append((main, family))
    if not clusters:
        return []
    main, (guard, *others) = dice.choice(clusters)
    return [main, guard] if dice.random() < 0.15 else others


def still_open() -> int:
    return Payout.objects.exclude(state="paid").count()


def drive(supervisors: list[psutil.Process], *, dice: random.Random, empty_queue: bool = False) -> int:
    """Kill at random until everything is paid; returns how many were killed while there was work to do."""
    kills, emptied, begin = 0, not empty_queue, time.monotonic()
    end = begin + SECONDS
    while still_open():
        assert time.monotonic() < end, Counter(Payout.objects.values_list("provider", "state", "parked"))
        # What the schedule does each minute, more often; it runs in the workers like everything else.
        queue.enqueue("referral_blocks.flows.tasks.resume_work")
        if kills < KILLS + 4 and (alive := victims(supervisors, dice)):
            dice.choice(alive).kill()
            kills += 1
        if not emptied and still_open() < SALES * 1.5:
            OrmQ.objects.all().delete()
            emptied = True
        print(f"{time.monotonic() - begin:.0f} s: {kills} kills, {still_open()} open, {queue.waiting_count()} queued")
        time.sleep(dice.uniform(0.8, 2.0))
    assert emptied
    return kills


def books_agree(stripe: StandIn, runa: StandIn) -> None:
    """Each payout is in its provider's books once, with its amount; the ledger has the same sums."""
    for provider, stand_in in (("stripe", stripe), ("runa", runa)):
        ours = {str(p.public_id): p.amount_minor for p in Payout.objects.filter(provider=provider)}
        theirs = stand_in.payments()
        assert Counter(p["payout_id"] for p in theirs) == Counter(ours.keys())
        assert {p["payout_id"]: p["amount_minor"] for p in theirs} == ours
        assert stand_in.books()["violations"] == []
    program_id = Payout.objects.values_list("program_id", flat=True).first()
    sums = {account: minor for (account, _currency), minor in balances(program_id=program_id).items() if minor}
    assert sums == {Account.EXPENSE: SALES * 3000, Account.PAID_OUT: -SALES * 3000}
    assert check_ledger() == []
    assert set(Reward.objects.values_list("state", flat=True)) == {"issued"}
    assert not PayoutAttempt.objects.filter(outcome__in=PayoutAttempt.LIVE).exists()
    assert PayoutAttempt.objects.filter(provider_ref="", outcome="paid").count() == 0


@pytest.mark.parametrize("seed", [7])
def test_every_payout_is_paid_exactly_once_through_crashes_and_lost_answers(site, stripe, runa, seed):
    owe(stripe)
    assert (Payout.objects.count(), Person.objects.count()) == (SALES * 2, SALES + 20)
    trouble(stripe, "/v1/transfers", seed)
    trouble(runa, "/v2/order", seed + 50)
    with workers(site, 1) as supervisors:
        kills = drive(supervisors, dice=random.Random(seed))
    assert kills >= KILLS
    books_agree(stripe, runa)
    print(f"{kills} kills; tries {Counter(PayoutAttempt.objects.values_list('tries', flat=True))}")


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="one cluster at a time on SQLite"
)
def test_the_same_with_two_clusters_and_a_queue_that_was_emptied(site, stripe, runa):
    owe(stripe)
    trouble(stripe, "/v1/transfers", 100)
    trouble(runa, "/v2/order", 150)
    with workers(site, 2) as supervisors:
        kills = drive(supervisors, dice=random.Random(11), empty_queue=True)
    assert kills >= KILLS
    books_agree(stripe, runa)
    assert timezone.now() > Payout.objects.earliest("created_at").created_at
