"""The payment providers of the demo: stand-ins on this machine, or the real ones' test systems where keys are given."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import CommandError
from django.urls import reverse

from cms.settings.base import payout_providers
from referral_blocks.core.children import start_child, stop_child

from .sandbox.runa import API_KEY as RUNA_KEY
from .sandbox.stripe import API_KEY as STRIPE_KEY

HOST = "127.0.0.1"
START_SECONDS = 20
RUNA_PLAYGROUND = "https://playground.runa.io/v2"


@dataclass(frozen=True, slots=True)
class Provider:
    """How the site is told of a provider, what its stand-in takes, and how keys begin that move no real money."""

    key_variable: str
    prefix: str  # of STRIPE_API_URL and STRIPE_WEBHOOK_SECRETS, and likewise
    sandbox_key: str
    test_keys: tuple[str, ...]
    path: str = ""


PROVIDERS = {
    "stripe": Provider("STRIPE_SECRET_KEY", "STRIPE", STRIPE_KEY, ("sk_test_", "rk_test_")),
    "runa": Provider("RUNA_API_KEY", "RUNA", RUNA_KEY, ("XX",), path="/v2"),
}


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in as DATA_DIR remembers it: what the site was told about it (links of gift cards) stays true."""

    port: int
    webhook_secret: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def require_test_keys() -> None:
    """Raises CommandError for a key with which real money could move."""
    for provider in PROVIDERS.values():
        key, wanted = os.environ.get(provider.key_variable, ""), provider.test_keys
        if key and not key.startswith(wanted):
            raise CommandError(f"The demo takes test keys only: {provider.key_variable} has to begin with {wanted[0]}")


def choose_providers(*, data: Path, port: int) -> dict[str, StandIn]:
    """Tell this process and its children which providers there are; returns the stand-ins that have to run, for those
    whose key is not in the environment."""
    file = data / "sandbox.json"
    known, chosen = _read(file), dict[str, StandIn]()
    for name, provider in PROVIDERS.items():
        if os.environ.get(provider.key_variable):
            continue
        taken = {port, *(stand_in.port for stand_in in chosen.values())}
        chosen[name] = _free(known.get(name) or StandIn(0, _new_secret()), taken)
    _write(file, known | chosen)
    _configure(chosen)
    return chosen


@contextmanager
def running(
    stand_ins: dict[str, StandIn], *, data: Path, port: int, log: IO[bytes]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The stand-ins as child processes, with their books in ``data``; they send their messages to the site at
    ``port``. What they hold to pay from is their own start, a million of each currency."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, stand_in in stand_ins.items():
            books = ["--books", str(data / f"sandbox-{name}.jsonl")]
            command = [sys.executable, "-m", "cms.demo.sandbox", name, "--port", str(stand_in.port), *books]
            children[f"{name} sandbox"] = start_child(command, log=log)
        for name, stand_in in stand_ins.items():
            _wait_until_healthy(name, stand_in, children[f"{name} sandbox"])
            hook = reverse("referral_blocks:provider_webhook", args=[name])
            told = {"url": f"http://{HOST}:{port}{hook}", "secret": stand_in.webhook_secret}
            _call(stand_in, "webhooks", told)
        yield children
    finally:
        for child in children.values():
            stop_child(child, grace=5)


def _configure(stand_ins: dict[str, StandIn]) -> None:
    """What a host sets by hand. The settings were read before the addresses were known, so that their one entry is made
    again; children read it from the environment."""
    for name, stand_in in stand_ins.items():
        provider = PROVIDERS[name]
        os.environ[provider.key_variable] = provider.sandbox_key
        os.environ[f"{provider.prefix}_API_URL"] = stand_in.url + provider.path
        os.environ[f"{provider.prefix}_WEBHOOK_SECRETS"] = stand_in.webhook_secret
    if not os.environ.get("RUNA_API_URL"):
        os.environ["RUNA_API_URL"] = RUNA_PLAYGROUND
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": payout_providers()}


def _new_secret() -> str:
    """In the form that both providers give theirs."""
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()


def _free(stand_in: StandIn, taken: set[int]) -> StandIn:
    """The same port as before, or another one when somebody else has it now."""
    for port in (stand_in.port, 0, 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if found not in taken:
            return StandIn(found, stand_in.webhook_secret)
    raise CommandError("No free port was found for the sandbox of a payment provider.")


def _wait_until_healthy(name: str, stand_in: StandIn, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while child.poll() is None and time.monotonic() < end:
        try:
            _call(stand_in, "health")
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise CommandError(f"The {name} sandbox did not start. See {settings.DATA_DIR}/logs/sandbox.log")


def _call(stand_in: StandIn, control: str, body: dict[str, Any] | None = None) -> None:
    content = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(f"http://{HOST}:{stand_in.port}/_sandbox/{control}", content, timeout=5):
        pass


def _read(file: Path) -> dict[str, StandIn]:
    try:
        return {name: StandIn(int(s["port"]), str(s["webhook_secret"])) for name, s in _json(file).items()}
    except (KeyError, TypeError, ValueError):
        return {}


def _json(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text())
    except OSError:
        return {}
    return known if isinstance(known, dict) else {}


def _write(file: Path, stand_ins: dict[str, StandIn]) -> None:
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({name: asdict(stand_in) for name, stand_in in stand_ins.items()}, indent=2) + "\n")
    draft.replace(file)
