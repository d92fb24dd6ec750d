"""One made-up world for all tests of this folder; each leaves it as it was."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from graphql_api import limits
from tests.conftest import ensure_wagtail_root
from tests.graphql_api.permissions.world import PROVIDERS, World, make_world


@pytest.fixture(scope="package")
def _made(django_db_setup, django_db_blocker):
    given = {"PAYOUT_PROVIDERS": PROVIDERS, "API_MAX_COST": 10**9, "API_MAX_DEPTH": 60, "API_TIMEOUT_SECONDS": 60}
    with (
        override_settings(REFERRAL_BLOCKS={**settings.REFERRAL_BLOCKS, **given}),
        django_db_blocker.unblock(),
        # Django closes connections after each test, and with them the transaction that the world is made in.
        patch.object(connection, "close"),
        transaction.atomic(),
    ):
        ensure_wagtail_root()
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(_made, db, monkeypatch) -> World:
    """Each test has a savepoint of it. The limits on documents are lifted: here one asks for everything."""
    for name in ("MAX_TOKENS", "MAX_FIELDS", "MAX_ALIASES"):
        monkeypatch.setattr(limits, name, 10**6)
    return _made
