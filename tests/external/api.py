"""The API on a server of its own, as in production: gunicorn over the demo's data, which tell months of a business."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.processes import ROOT, demo_environment, free_port, running_demo, wait_for

SETTINGS = "tests.external.api_settings"
# Prints who may call, and what there is to call about.
WORLD = """
import json
from django.db.models import Count
from graphql_api.schema import schema
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.links.models import ReferralLink
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.tokens import open_app_session
from strawberry.relay.utils import to_base64
from wagtail.models import Page, Site

site = Site.objects.get(is_default_site=True)
_key, text = create_api_key(site_id=site.pk, name="Fuzzer", scopes=Scope.values)
busiest = Referrer.objects.annotate(count=Count("rewards")).order_by("-count", "pk").first()
ids = []
for kind in schema.schema_converter.type_map.values():
    made = getattr(getattr(kind.definition, "origin", None), "__strawberry_django_definition__", None)
    if made is not None and made.model is not None:
        rows = made.model._default_manager.order_by("-pk")[:4]
        ids += [to_base64(kind.definition.name, row.pk) for row in rows]
programs = Program.objects.values_list("slug", flat=True)
codes = ReferralLink.objects.values_list("code", flat=True)[:5]
emails = Person.objects.exclude(email="").values_list("email", flat=True)[:5]
paths = [page.url for page in Page.objects.live() if page.url][:12]
print("WORLD" + json.dumps({
    "key": text,
    "referrer": open_app_session(referrer=busiest).access,
    "ids": ids, "programs": list(programs), "codes": list(codes), "emails": list(emails), "paths": paths,
}))
"""


@dataclass(frozen=True, slots=True)
class Api:
    """``world``: who may call (``key``, ``referrer``: bearers) and texts that name something; ``log``: what the server
    has said."""

    url: str
    world: dict[str, Any]
    log: Path
    environment: dict[str, str]

    def bearers(self) -> dict[str, str]:
        return {"anonymous": "", "referrer": self.world["referrer"], "key": self.world["key"]}


@contextmanager
def running_api(folder: Path) -> Iterator[Api]:
    """The demo, filled and ended, then served by gunicorn alone: no worker writes meanwhile."""
    demo = demo_environment(folder / "demo", free_port())
    with running_demo({**demo, "DEMO_ACTIVITY": "1"}):
        pass
    port, log = free_port(), folder / "web.log"
    env = {**demo, "PORT": str(port), "DJANGO_SETTINGS_MODULE": SETTINGS, "DEBUG": "0"}
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", WORLD],
        cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    world = json.loads(said.stdout.rpartition("WORLD")[2])
    gunicorn = [sys.executable, "-m", "gunicorn", "cms.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    with log.open("w") as out:
        web = subprocess.Popen(
            [*gunicorn, "--worker-class", "gthread", "--threads", "4", "--no-control-socket"],
            cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(url), why=f"gunicorn does not answer: {log.read_text()[-2000:]}")
            yield Api(url + "/graphql/", world, log, {**os.environ, **env})
        finally:
            web.terminate()
            web.wait(30)


def _answers(url: str) -> bool:
    try:
        return requests.get(url + "/readyz", timeout=5).status_code in (200, 503)
    except requests.ConnectionError:
        return False
