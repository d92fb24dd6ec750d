from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from referral_blocks.core.models import Heartbeat

pytestmark = pytest.mark.django_db


def test_the_process_answers_without_a_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_needs_a_young_heartbeat(client):
    Heartbeat.objects.create(name="worker:a", beat_at=timezone.now())
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "database": "ok", "worker": "ok"})


def test_no_worker_or_an_old_heartbeat_is_named(client):
    expected = {"status": "down", "database": "ok", "worker": "down"}
    assert (client.get("/readyz").status_code, client.get("/readyz").json()) == (503, expected)
    Heartbeat.objects.create(name="worker:a", beat_at=timezone.now() - timedelta(seconds=61))
    assert (client.get("/readyz").status_code, client.get("/readyz").json()) == (503, expected)


def test_a_database_that_does_not_answer_is_named(client, monkeypatch):
    def refuse():
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {"status": "down", "database": "down", "worker": "unknown"},
    )


def test_only_reading_is_allowed(client):
    assert client.post("/healthz").status_code == 405
