"""The demo as a newcomer runs it: real processes, started, stopped and started again."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.utils import timezone

from cms.demo.providers import choose_providers
from tests.processes import ROOT, demo_environment, free_port, running_demo, wait_for

pytestmark = pytest.mark.patient
KEYS = [
    "base_url", "admin_url", "admin_username", "admin_password", "graphql_url", "api_key", "program", "landing_url",
    "share_url", "code", "link", "business_program", "business_landing_url", "business_share_url", "software_program",
    "software_landing_url", "software_share_url", "stripe_sandbox", "runa_sandbox",
]  # fmt: skip
# Credit for six friends and for what five of them earned their referrers, one milestone, and three gift cards.
PAID_BY_STORY = {(4000, "EUR"): 11, (6000, "EUR"): 1, (2500, "GBP"): 3}


@pytest.fixture
def image_library():
    """Wagtail's root collection, which transactional tests flush away."""
    from wagtail.models import Collection

    if not Collection.objects.exists():
        Collection.add_root(name="Root")


def status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.status


def first_of_stream(demo: dict[str, str]) -> dict[str, Any]:
    """What a subscription says at once, at the same address as everything else."""
    query = f'subscription {{ programActivity(program: "{demo["program"]}") {{ activities {{ id }} }} }}'
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    request = urllib.request.Request(
        f"{demo['graphql_url']}stream",
        json.dumps({"query": query}).encode(),
        {**headers, "Authorization": f"Bearer {demo['api_key']}"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        data = next(line for line in response if line.startswith(b"data: "))
    return json.loads(data.removeprefix(b"data: "))["data"]


def run_demo(**env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "demo"]
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "cms.settings.dev", **env}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False)


def books(sandbox: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{sandbox}/_sandbox/books", timeout=10) as response:
        return json.load(response)


def all_paid(demo: dict[str, str]) -> Counter[tuple[int, str]]:
    sandboxes = (demo["stripe_sandbox"], demo["runa_sandbox"])
    return Counter((p["amount_minor"], p["currency"]) for sandbox in sandboxes for p in books(sandbox)["payments"])


def set_balance(sandbox: str, amount_minor: int) -> None:
    content = json.dumps({"currency": "GBP", "amount_minor": amount_minor}).encode()
    urllib.request.urlopen(f"{sandbox}/_sandbox/balance", content, timeout=10).close()


@pytest.mark.timeout(900)
def test_it_serves_stops_cleanly_and_a_second_run_changes_nothing_until_a_sandbox_dies(tmp_path):
    """One demo for all of it: to start it from nothing is what takes time."""
    env = {**demo_environment(tmp_path / "data", free_port(), empty=True), "DEMO_ACTIVITY": "1"}
    with running_demo(env) as (first, process):
        assert list(first) == KEYS
        wait_for(lambda: all_paid(first) == PAID_BY_STORY, why="the worker did not send what the story leaves to it")
        assert mode(tmp_path / "data" / "demo.json") == 0o600
        for page in ("base_url", "landing_url", "share_url", "admin_url", "link", "software_landing_url"):
            assert status(first[page]) == 200, page
        assert first_of_stream(first) == {"programActivity": {"activities": []}}
        assert status(first["base_url"] + "readyz") == 200
        set_balance(first["stripe_sandbox"], 123)
        kept = (tmp_path / "data" / "sandbox.json").read_text()
        assert mode(tmp_path / "data" / "sandbox.json") == 0o600
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not [c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE]
    with running_demo(env) as (second, process):
        assert second == first
        assert all_paid(second) == PAID_BY_STORY
        assert books(second["stripe_sandbox"])["balances"]["GBP"] == 123
        assert (tmp_path / "data" / "sandbox.json").read_text() == kept
        # A sandbox that dies ends the demo, with one clear line.
        (sandbox,) = [c for c in psutil.Process(process.pid).children() if "runa" in c.cmdline()]
        sandbox.kill()
        assert process.wait(60) != 0
        said = (tmp_path / "data" / "demo.out").read_text().splitlines()
    assert said[-1].startswith("CommandError: The runa sandbox process ended (code -9). See ")


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "key", "begins"),
    [("STRIPE_SECRET_KEY", "sk_live_planted", "sk_test_"), ("RUNA_API_KEY", "wg-planted", "XX")],
)
def test_a_key_that_moves_real_money_is_refused_in_one_clear_line(tmp_path, name, key, begins):
    result = run_demo(PORT=str(free_port()), DATA_DIR=str(tmp_path), **{name: key})
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    assert line == f"CommandError: The demo takes test keys only: {name} has to begin with {begins}"
    assert not (tmp_path / "db.sqlite3").exists()


def test_with_test_keys_there_is_no_sandbox(tmp_path, monkeypatch, settings):
    given = {"STRIPE_SECRET_KEY": "sk_test_mine", "RUNA_API_KEY": "XX-mine", "RUNA_API_URL": ""}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.REFERRAL_BLOCKS = dict(settings.REFERRAL_BLOCKS)
    assert choose_providers(data=tmp_path, port=8000) == {}
    chosen = settings.REFERRAL_BLOCKS["PAYOUT_PROVIDERS"]
    assert (chosen["stripe"]["options"]["api_key"], chosen["stripe"]["options"]["api_url"]) == ("sk_test_mine", "")
    assert chosen["runa"]["options"]["base_url"] == "https://playground.runa.io/v2"


def test_a_port_in_use_is_one_clear_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run_demo(PORT=str(port), DATA_DIR=str(tmp_path / "data"))
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    assert f"Port {port} cannot be used" in line
    assert not (tmp_path / "data" / "db.sqlite3").exists()


@pytest.mark.parametrize("port", ["0", "70000", "eighty"])
def test_a_port_that_is_none_is_one_clear_line(tmp_path, port):
    result = run_demo(PORT=port, DATA_DIR=str(tmp_path))
    assert result.returncode != 0
    assert result.stderr.strip() == f"PORT has to be a number from 1 to 65535; it is “{port}”."


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    result = run_demo(PORT=str(free_port()), DATA_DIR=str(tmp_path / "file" / "data"))
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    assert "cannot be written" in line


def test_a_database_that_does_not_answer_is_one_clear_line(tmp_path):
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none"
    result = run_demo(PORT=str(free_port()), DATA_DIR=str(tmp_path), DATABASE_URL=url)
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    assert "The database cannot be reached" in line
    assert "secret" not in line


def test_a_python_that_is_too_old_is_one_clear_line(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.1" && exit 0\nexit 1\n')
    old.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHON": str(old)}
    for name in ("python3.13", "python3.12", "python3.11", "python"):
        (tmp_path / name).symlink_to(old)
    command = ["bash", ".ci/venv", str(tmp_path / "venv")]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("Referral Blocks needs Python 3.11 or newer; Python 3.8.1 was found.")
    assert not Path(tmp_path / "venv").exists()


def test_what_demo_json_says_is_kept_when_it_still_works_and_mended_when_not(tmp_path, db, image_library):
    from django.contrib.auth import get_user_model

    from cms.demo.load import load_demo

    file = tmp_path / "demo.json"
    first = load_demo(port=8000, file=file)
    assert load_demo(port=8000, file=file) == first
    get_user_model().objects.get(username="admin").set_password("other")
    file.write_text("not json")
    mended = load_demo(port=8001, file=file)
    assert (mended.code, mended.program) == (first.code, first.program)
    assert mended.api_key != first.api_key
    assert mended.link == f"http://localhost:8001/r/{first.code}/"
    assert json.loads(file.read_text())["admin_password"] == mended.admin_password


@pytest.mark.django_db(transaction=True)
def test_its_story_is_told_once_and_by_the_flows(tmp_path, image_library):
    from wagtail.models import Site

    from cms.demo.activity import load_activity
    from cms.demo.load import ADMIN, demo_programs, load_demo
    from referral_blocks.analytics.leaderboard import leaderboard
    from referral_blocks.flows.check_ledger import check_ledger
    from referral_blocks.fraud.models import RiskSignal
    from referral_blocks.ledger.models import LedgerEntry
    from referral_blocks.programs.periods import span_at
    from referral_blocks.referrals.models import Referral
    from referral_blocks.rewards.models import Reward

    demo = load_demo(port=8000, file=tmp_path / "demo.json")
    programs = demo_programs(Site.objects.get(is_default_site=True))
    assert load_activity(programs=programs, admin=ADMIN, base_url=demo.base_url)

    def stages(slug: str) -> dict[str, int]:
        return dict(Counter(Referral.objects.filter(program__slug=slug).values_list("stage", flat=True)))

    assert stages(demo.program) == {"captured": 3, "nurturing": 1, "qualified": 8}
    assert stages(demo.business_program) == {"nurturing": 1, "qualified": 3}
    assert stages(demo.software_program) == {"captured": 2, "nurturing": 1, "qualified": 8, "retracted": 1}
    states = set(Reward.objects.values_list("state", flat=True))
    assert {"pending", "reserved", "issued", "void"} <= states
    span = span_at(program=programs.neighbours, period="ever", at=timezone.now())
    board = leaderboard(program=programs.neighbours, span=span, limit=5)
    assert [(place.name, place.friends) for place in board] == [
        ("Ada D.", 4), ("Bert M.", 2), ("Cleo S.", 1), ("Anonymous", 1)
    ]  # fmt: skip
    assert [signal.check_name for signal in RiskSignal.objects.filter(severity="high")] == ["self_referral"]
    assert not check_ledger()

    rows = LedgerEntry.objects.count(), Reward.objects.count(), Referral.objects.count()
    assert not load_activity(programs=programs, admin=ADMIN, base_url=demo.base_url)
    assert (LedgerEntry.objects.count(), Reward.objects.count(), Referral.objects.count()) == rows
