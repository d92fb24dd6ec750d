"""`/r/<code>/` with its recorded visit against a bare view that makes one INSERT: same server, same middleware, same
database, rounds in turn. No visit may be lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from django.db import connection
from wagtail.models import Page, Site

from referral_blocks.links.models import IgnoredVisit, Visit
from tests.make import make_link, make_program
from tests.processes import ROOT

from .server import server

ROUNDS, REQUESTS, CONNECTIONS = 11, 800, 4
AT_LEAST = 0.6


def load(port: int, path: str, status: int, *, count: int = REQUESTS) -> float:
    """Requests a second, measured by another process."""
    arguments = [str(port), path, str(CONNECTIONS), str(count), str(status)]
    command = [sys.executable, "-m", "tests.benchmarks.load", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_a_visit_costs_little_more_than_a_bare_insert(tmp_path: Path) -> None:
    home = Site.objects.get(is_default_site=True).root_page
    program = make_program(landing_page=home.add_child(instance=Page(title="Neighbours", slug="neighbours")))
    link = make_link(program)
    visits = (f"/r/{link.code}/", 302)
    bare = (f"/bare/{link.pk}/{program.pk}/", 200)
    with server(tmp_path, threads=CONNECTIONS) as port:
        for path, status in (bare, visits):
            load(port, path, status, count=200)
        rates = [(load(port, *bare), load(port, *visits)) for _ in range(ROUNDS)]
    bare_rate, visit_rate = median(r[0] for r in rates), median(r[1] for r in rates)
    ratio = median(v / b for b, v in rates)
    print(f"\n{connection.vendor}: {ROUNDS} rounds of {REQUESTS} requests over {CONNECTIONS} connections, in turn")
    print(f"  {'bare view with one INSERT':<28}{bare_rate:>8.0f} requests/s (median)")
    print(f"  {'/r/<code>/ with its visit':<28}{visit_rate:>8.0f} requests/s (median)")
    print(f"  {'ratio, median of rounds':<28}{ratio:>8.2f} (at least {AT_LEAST})   rounds:", end=" ")
    print(*(f"{v / b:.2f}" for b, v in rates))
    expected = 200 + ROUNDS * REQUESTS
    assert Visit.objects.filter(ip_hash="bare").count() == expected
    assert Visit.objects.exclude(ip_hash="bare").count() == expected, "a visit was lost"
    assert not IgnoredVisit.objects.exists()
    assert ratio >= AT_LEAST
