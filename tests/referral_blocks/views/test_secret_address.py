"""No token of an address reaches the log, whatever goes wrong."""

import logging

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.urls import reverse

from referral_blocks.referrers.session import make_sign_in_token
from referral_blocks.urls import urlpatterns
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
WITH_TOKEN = [pattern.name for pattern in urlpatterns if "<str:token>" in str(pattern.pattern)]


@pytest.fixture
def strict():
    """As in production: with the check of CSRF tokens, and an answer to whatever is raised."""
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def address(name):
    return reverse(f"referral_blocks:{name}", args=[make_sign_in_token(make_link(make_program()).referrer)])


def test_all_of_them_are_known():
    assert len(WITH_TOKEN) == 6


@pytest.mark.parametrize("name", WITH_TOKEN)
def test_while_the_database_is_away_the_log_says_what_failed_and_not_for_whom(strict, monkeypatch, caplog, name):
    def away(*_given, **_named):
        raise OperationalError("connection to 10.0.0.5 refused")

    path = address(name)
    token = path.split("/")[3]
    monkeypatch.setattr(CursorWrapper, "execute", away)
    monkeypatch.setattr("referral_blocks.views.site.Site.find_for_request", away)  # what was asked for is remembered
    response = strict.get(path)
    assert (response.status_code, response["Referrer-Policy"], "10.0.0.5" in response.text) == (
        500,
        "no-referrer",
        False,
    )
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert ("10.0.0.5" in caplog.text, token in caplog.text) == (True, False)


@pytest.mark.parametrize("name", WITH_TOKEN)
def test_a_method_that_is_not_asked_for_is_refused_in_silence(strict, caplog, name):
    path = address(name)
    for method in ("put", "delete"):
        response = getattr(strict, method)(path)
        assert (response.status_code, response["Allow"].split(", ")[:2]) == (405, ["GET", "HEAD"])
    assert caplog.records == []
