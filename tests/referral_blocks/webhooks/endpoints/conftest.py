"""A receiver, a site, and an endpoint of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_q.models import OrmQ
from wagtail.models import Site

from referral_blocks.flows.create_webhook_endpoint import create_webhook_endpoint
from referral_blocks.webhooks.endpoints.models import WebhookDelivery
from tests.make import make_link

from .receiver import running


@pytest.fixture
def loopback(settings):
    """This site may call private networks, as a developer's does: the receivers of these tests are on loopback."""
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "WEBHOOK_PRIVATE_NETWORKS": True}


@pytest.fixture
def receiver(loopback):
    with running() as found:
        yield found


@pytest.fixture
def subscribed(receiver):
    """``subscribed(kinds=…)`` makes an endpoint at the receiver: the endpoint, and its secret."""

    def make(**given):
        site_id = Site.objects.get(is_default_site=True).pk
        return create_webhook_endpoint(**{"site_id": site_id, "url": receiver.url, **given})

    return make


def states(endpoint):
    """State and tries of its messages, oldest first."""
    return list(WebhookDelivery.objects.filter(endpoint=endpoint).order_by("pk").values_list("state", "tries"))


def queued(name="deliver_webhooks"):
    return [row.task["args"] for row in OrmQ.objects.order_by("pk") if row.task["func"].endswith(f".{name}")]


def later(**time):
    return time_machine.travel(timezone.now() + timedelta(**time))


def joined(program, number=0):
    """One event: somebody has joined."""
    return make_link(program, email=f"referrer{number}@example.com").referrer


def only(kind):
    return {"kinds": [kind]}
