"""Every page, block, form and mail is valid HTML by the Nu HTML checker."""

import pytest
from django.test import Client

from tests.browser import chromium
from tests.looks.states import calm, make_world
from tests.looks.wall import THEMES

from .nu import nu_messages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.looks.wall"), pytest.mark.timeout(1200)]


def walls() -> dict[str, str]:
    client = Client()
    asked = [(theme, language) for theme in THEMES for language in ("en", "ar")]
    return {
        f"wall-{theme or 'unthemed'}-{language}": client.get(
            "/wall/", {"theme": theme, "language": language}
        ).content.decode()
        for theme, language in asked
    }


def pages(world) -> dict[str, str]:
    """What the server sent for each state, not what the browser made of it."""
    found = {}
    with chromium() as browser:
        page = browser.new_context(**calm("light", 390)).new_page()
        for state in world.states:
            sent = []
            keep = lambda r, sent=sent: sent.append(r) if r.request.resource_type == "document" else None  # noqa: E731
            page.on("response", keep)
            world.visit(page, state)
            page.remove_listener("response", keep)
            found[state.name] = next(r.text() for r in reversed(sent) if not 300 <= r.status < 400)
    return found


def test_every_page_and_block_is_valid(live_server, tmp_path):
    documents = {**walls(), **pages(make_world(live_server.url))}
    assert all("<html" in html for html in documents.values())
    assert nu_messages(documents, tmp_path) == []


def test_the_checker_finds_what_is_wrong(tmp_path):
    broken = '<!doctype html><html lang="en"><head><title>x</title></head><body><p><div></p></body></html>'
    said = [message for _name, message, _extract in nu_messages({"broken": broken}, tmp_path)]
    assert "No “p” element in scope but a “p” end tag seen." in said
