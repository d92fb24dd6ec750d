"""Fixtures that every test may use."""

from __future__ import annotations

import os

import pytest
from django.core.cache import cache

# Playwright runs an event loop in the test's thread; Django would refuse the ORM there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(autouse=True)
def _clean_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _wagtail_root(request: pytest.FixtureRequest) -> None:
    """A transactional test flushes Wagtail's root page, site and locale away; later tests need them again."""
    if not {"db", "transactional_db", "django_db_setup"} & set(request.fixturenames):
        return
    if request.node.get_closest_marker("django_db") is None and "db" not in request.fixturenames:
        return
    request.getfixturevalue(
        "transactional_db"
        if "transactional_db" in request.fixturenames
        or ((m := request.node.get_closest_marker("django_db")) and m.kwargs.get("transaction"))
        else "db"
    )
    from wagtail.models import Locale, Page, Site

    if Site.objects.filter(is_default_site=True).exists():
        return
    from django.contrib.contenttypes.models import ContentType

    Locale.objects.get_or_create(language_code="en")
    page_type = ContentType.objects.get_for_model(Page)
    root = Page.objects.filter(depth=1).first() or Page.add_root(title="Root", slug="root", content_type=page_type)
    home = root.get_children().first() or root.add_child(instance=Page(title="Welcome", slug="home"))
    Site.objects.create(hostname="localhost", root_page_id=home.pk, is_default_site=True)


def pytest_report_header() -> str:
    from django.conf import settings

    return f"database: {settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[-1]}"
