"""A worker is killed while an endpoint has the message and our side has no answer: nothing is lost, nothing is new."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from referral_blocks.flows.deliver_webhooks import deliver_webhooks, resume_webhooks
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from tests.make import make_program
from tests.paying import work
from tests.processes import ROOT, wait_for

from .conftest import joined, later, only, states

pytestmark = pytest.mark.django_db(transaction=True)
WORK = "from referral_blocks.flows.deliver_webhooks import deliver_webhooks as send; send(endpoint_id={})"


@pytest.fixture
def environment(tmp_path):
    """A developer's site on the test's own database."""
    name, url = connection.settings_dict["NAME"], os.environ.get("DATABASE_URL", "")
    postgres = connection.vendor == "postgresql"
    return {
        **os.environ,
        "DATABASE_URL": url.replace("/postgres?", f"/{name}?") if postgres else f"sqlite:///{name}",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "cms.settings.dev",
        "SECRET_KEY": settings.SECRET_KEY,
    }


def test_a_killed_worker_loses_nothing(receiver, subscribed, environment):
    endpoint, secret = subscribed(**only("referrer.joined"))
    joined(make_program())
    receiver.plan = ["hang"]
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", WORK.format(endpoint.pk)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        wait_for(lambda: receiver.came or process.poll() is not None, why="no message came")
    finally:
        process.kill()
        process.wait(10)
    assert len(receiver.verified(secret)) == 1
    assert states(endpoint) == [("waiting", 1)]
    assert WebhookEndpoint.objects.get().leased_until is not None  # whoever is killed gives nothing back
    assert deliver_webhooks(endpoint_id=endpoint.pk) == 0
    with later(minutes=3):
        assert resume_webhooks() == 1
        work()
    assert states(endpoint) == [("delivered", 2)]
    assert receiver.ids == [WebhookDelivery.objects.get().message_id] * 2
