"""Runs schemathesis over every query and mutation of the schema, as one caller after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import ROOT

from .api import Api

SDL = ROOT / "graphql_api" / "schema.graphql"
# They end what the fuzzer calls by, and every later call would be a stranger's.
ENDS_THE_CALLER = ("signOut", "revokeSession", "revokeApiKey", "rotateApiKey")


@dataclass(slots=True)
class Found:
    """``said``: the whole report; ``outcomes``: (operation, answered or refused) → how many."""

    caller: str
    failed: bool
    said: str
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def names(self, outcome: str = "") -> set[str]:
        return {name for (name, was) in self.outcomes if not outcome or was == outcome}

    def cases(self, outcome: str = "") -> int:
        return sum(n for (_name, was), n in self.outcomes.items() if not outcome or was == outcome)


def fuzz(api: Api, *, caller: str, headers: dict[str, str], seconds: int, folder: Path) -> Found:
    """As many cases as go into ``seconds``, as this caller. What the schema forbids is the same to everybody: only the
    anonymous caller sends it."""
    mode = "positive" if headers else "all"
    world, tally, config = folder / "world.json", folder / f"{caller}.tally", folder / "schemathesis.toml"
    world.write_text(json.dumps(api.world))
    tally.write_text("")
    config.write_text("")
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(SDL), "--url", api.url,
        "--phases", "fuzzing", "--checks", "nothing_gives_way,response_schema_conformance,negative_data_rejection",
        "--max-time", str(seconds), "--continue-on-failure", "--generation-database", "none", "--no-color",
        "--suppress-health-check", "all", "--warnings", "off", "--workers", "1", "--mode", mode,
        "--header", "Accept: application/graphql-response+json",
    ]  # fmt: skip
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    if headers:
        command += ["--exclude-name-regex", rf"^Mutation\.({'|'.join(ENDS_THE_CALLER)})$"]
    env = {
        **api.environment, "SCHEMATHESIS_HOOKS": "tests.external.fuzz_hooks", "FUZZ_WORLD": str(world),
        "FUZZ_TALLY": str(tally), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        timeout=seconds + 120,
    )  # fmt: skip
    found = Found(caller, bool(done.returncode), done.stdout)
    for line in tally.read_text().splitlines():
        name, outcome, codes, _written = json.loads(line)
        found.outcomes[name, outcome] += 1
        found.codes.update(codes)
    return found
