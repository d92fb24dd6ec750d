"""The API against views written by hand: same server, same middleware, same authentication, same SQL, same JSON.

Three ways to the same answer are asked in turn: the document as text, the document by its id (trusted documents), and
the view. Each round has a median of each; the ratio is the median of the rounds'.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from tests.graphql_api.ask import bearer_of
from tests.make import make_link, make_program, make_referral
from tests.processes import ROOT

from .server import server

DOCUMENTS = Path(__file__).with_name("documents")
FRIENDS = 60
WARM_UP, ROUNDS, TIMES = 30, 11, 20
AT_MOST, AT_MOST_PERSISTED = 2.0, 1.5
LITERAL = re.compile(r"'(?:[^']|'')*'(?:::\w+(?: with time zone)?)?|\b\d+\b")

Requests = dict[str, tuple[str, str, dict[str, Any]]]


def answer(client: Client, request: tuple[str, str, dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """The data, and the SQL without its values."""
    path, bearer, body = request
    headers = {"Authorization": f"Bearer {bearer}"}
    with CaptureQueriesContext(connection) as queries:
        response = client.post(path, body, content_type="application/json", headers=headers)
    assert response.status_code == 200, response.content
    return response.json()["data"], sorted(LITERAL.sub("?", query["sql"]) for query in queries)


def measure(port: int, requests: Requests, times: int) -> dict[str, float]:
    """Median milliseconds by name, taken by another process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.latency"], cwd=ROOT, capture_output=True, text=True, check=False,
        input=json.dumps({"port": port, "times": times, "requests": requests}),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name: median(took) for name, took in json.loads(done.stdout).items()}


def ways(name: str, bearer: str) -> Requests:
    """The three ways to one answer."""
    text = (DOCUMENTS / f"{name}.graphql").read_text("utf-8")
    return {
        "as text": ("/graphql/", bearer, {"query": text}),
        "persisted": ("/graphql/", bearer, {"documentId": name}),
        "by hand": (f"/plain/{name}/", bearer, {}),
    }


@pytest.fixture
def bearers() -> dict[str, str]:
    """Who may ask for what, by the name of the document; there are sixty friends who bought, with two rewards each."""
    program = make_program()
    link = make_link(program)
    for number in range(FRIENDS):
        address = f"friend{number}@example.com"
        make_referral(program, email=address, link=link)
        record_sale(
            program=program, source="bench", external_id=str(number), friend_email=address, amount="50", currency="GBP"
        )
    key = create_api_key(site_id=program.site_id, name="Bench", scopes=Scope.values)[1]
    return {"dashboard": bearer_of(link.referrer), "nested": key}


@pytest.mark.timeout(600)
@pytest.mark.urls("tests.benchmarks.urls")
@pytest.mark.django_db(transaction=True)
def test_the_api_costs_little_more_than_views_by_hand(client, settings, bearers, tmp_path: Path) -> None:
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_TRUSTED_DOCUMENTS": str(DOCUMENTS)}
    for name, bearer in bearers.items():
        answer(client, ways(name, bearer)["as text"])  # writes down when the key was last used
        (data, sql), persisted, by_hand = (answer(client, way) for way in ways(name, bearer).values())
        assert by_hand == persisted == (data, sql)
        print(f"\n{name}: {len(sql)} queries, {len(json.dumps(data)):,} bytes")
    ratios: dict[tuple[str, str], float] = {}
    with server(tmp_path, threads=1) as port:
        for name, bearer in bearers.items():
            requests = ways(name, bearer)
            measure(port, requests, WARM_UP)
            rounds = [measure(port, requests, TIMES) for _ in range(ROUNDS)]
            for way in ("as text", "persisted"):
                ratios[name, way] = median(took[way] / took["by hand"] for took in rounds)
            figures = ", ".join(f"{way} {median(took[way] for took in rounds):.1f} ms" for way in requests)
            shown = ", ".join(f"{way} {ratios[name, way]:.2f}" for way in ("as text", "persisted"))
            print(f"{connection.vendor}: {name}: medians of {ROUNDS} rounds: {figures}; ratios: {shown}")
    assert max(ratio for (_name, way), ratio in ratios.items() if way == "as text") <= AT_MOST
    assert max(ratio for (_name, way), ratio in ratios.items() if way == "persisted") <= AT_MOST_PERSISTED
