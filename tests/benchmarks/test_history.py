"""record_sale and a referrer's standing with 1,000 and with 1,000,000 referrals: two databases, rounds in turn."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from django.db import connection

from referral_blocks.analytics.standing import standing_of
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.referrers.models import Referrer
from tests.make import make_link, make_program

from .history import make_history, settle

FEW = 1_000
MANY = int(os.environ.get("BENCHMARK_REFERRALS", "1000000"))
ROUNDS, SALES, READS = 9, 16, 100
AT_MOST = 1.3


def copy_database(folder: Path) -> str:
    """The database as it is now, under another name."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return str(shutil.copy(name, folder / "few.sqlite3"))
    import psycopg

    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}_few TEMPLATE {name}")  # type: ignore[arg-type]
    return f"{name}_few"


def use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def one_round(big: Referrer, friends: list[int], number: int) -> tuple[float, float]:
    """Medians in milliseconds: a sale to a friend who never bought, and a look at the big referrer's standing. Half of
    the friends are the big referrer's. The first of each warms the connection up and is not counted."""
    program = big.program
    sales = [
        timed(
            lambda f=friend: record_sale(  # type: ignore[misc]
                program=program, source="bench", external_id=f"{number}-{f}", friend_email=f"friend{f}@example.com",
                amount="100", currency="GBP",
            )
        )
        for friend in friends
    ]  # fmt: skip
    reads = [timed(lambda: standing_of(referrer=big)) for _ in range(READS)]
    return median(sales[4:]) * 1_000, median(reads[4:]) * 1_000


@pytest.mark.timeout(1_800)
@pytest.mark.django_db(transaction=True)
def test_a_sale_and_a_standing_cost_the_same_whatever_the_history(tmp_path: Path) -> None:
    program = make_program()
    big = make_link(program).referrer
    make_history(program, big, first=0, last=FEW - 1)
    settle()
    many, few = str(connection.settings_dict["NAME"]), copy_database(tmp_path)
    made = timed(lambda: make_history(program, big, first=FEW, last=MANY - 1))
    settle()
    figures: dict[str, list[tuple[float, float]]] = {few: [], many: []}
    fresh = [n for n in range(FEW) if n % 10]
    try:
        for number in range(ROUNDS):
            for name in (few, many):
                use(name)
                figures[name].append(one_round(big, fresh[number * SALES : (number + 1) * SALES], number))
    finally:
        use(many)
    print(f"\n{connection.vendor}: {ROUNDS} rounds in turn; {MANY:,} referrals made in {made:.0f} s")
    print(f"  {'median, ms':<14}{FEW:>12,}{MANY:>12,}   ratio, median of rounds (at most {AT_MOST})")
    ratios = []
    for column, label in enumerate(("record_sale", "standing")):
        small, large = (median(f[column] for f in figures[name]) for name in (few, many))
        # By round, as what else the machine does changes from one to the next.
        pairs = zip(figures[few], figures[many], strict=True)
        ratios.append(median(m[column] / f[column] for f, m in pairs))
        print(f"  {label:<14}{small:>12.2f}{large:>12.2f}   {ratios[-1]:.2f}")
    assert max(ratios) <= AT_MOST
