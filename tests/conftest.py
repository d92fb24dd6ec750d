"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django import DjangoDbBlocker

from referral_blocks.core import ratelimit
from referral_blocks.ledger import triggers

# Playwright runs an event loop in the test's thread; Django would refuse the ORM there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# Imports and collecting make millions of objects that stay; looking for rubbish among them, then and after every few
# tests, was a fifth of a run's time.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(autouse=True)
def _clean_cache():
    """No test counts against another's rate limits, either."""
    cache.clear()
    ratelimit._limiter.cache_clear()
    yield
    cache.clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config) -> None:
    """Tables that came without migrations get what migrations put into them, once, and not for each test."""
    if not pytestconfig.getvalue("nomigrations"):
        return
    with django_db_blocker.unblock():
        ensure_wagtail_root()
        with connection.schema_editor() as editor:
            triggers.install(None, editor)


@pytest.fixture(autouse=True)
def _wagtail_root(request: pytest.FixtureRequest) -> None:
    """A transactional test flushes Wagtail's root page, site and locale away; later tests need them again."""
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    if marker is None and not {"db", "transactional_db", "live_server"} & names:
        return
    transactional = (marker and marker.kwargs.get("transaction")) or {"transactional_db", "live_server"} & names
    request.getfixturevalue("transactional_db" if transactional else "db")
    ensure_wagtail_root()


def ensure_wagtail_root() -> None:
    """What Wagtail’s migrations make: a root page, a front page, a site and a language."""
    from wagtail.models import Locale, Page, Site

    if Site.objects.filter(is_default_site=True).exists():
        return
    from django.contrib.contenttypes.models import ContentType

    Locale.objects.get_or_create(language_code="en")
    page_type = ContentType.objects.get_for_model(Page)
    root = Page.objects.filter(depth=1).first() or Page.add_root(title="Root", slug="root", content_type=page_type)
    home = root.get_children().first() or root.add_child(instance=Page(title="Welcome", slug="home"))
    Site.objects.create(hostname="localhost", root_page_id=home.pk, is_default_site=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is about looks is known by where it stands."""
    looks = Path(__file__).parent / "looks"
    for item in items:
        if item.path.is_relative_to(looks) or item.path.name.endswith("in_browser.py"):
            item.add_marker("drawn")
        # tests.run looks for the mark in the files
        assert not item.get_closest_marker("patient") or "mark.patient" in item.path.read_text("utf-8")


def pytest_report_header() -> str:
    from django.conf import settings

    return f"database: {settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[-1]}"
