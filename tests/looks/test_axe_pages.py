"""Every public page in every state and theme, wide by day and on a phone by night: nothing that axe could object to."""

import pytest

from tests.browser import chromium
from tests.looks.axe import violations
from tests.looks.states import calm, make_world
from tests.looks.wall import THEMES
from tests.make_pages import use_theme

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.mark.parametrize("theme", THEMES)
def test_every_page_can_be_used_by_everybody(browser, live_server, theme):
    world = make_world(live_server.url)
    use_theme(theme)
    page = browser.new_context(**calm("light", 1280)).new_page()
    bad = []
    for state in world.states:
        page.set_viewport_size({"width": 1280, "height": 844})
        page.emulate_media(color_scheme="light")
        world.visit(page, state)
        bad += [(state.name, "light", *found) for found in violations(page)]
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="dark")
        bad += [(state.name, "dark", *found) for found in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, state.name
    page.context.close()
    assert bad == []
