"""Every block, in every theme, by day and by night, from either side: nothing that axe could object to."""

import pytest

from tests.browser import chromium
from tests.looks.axe import violations
from tests.looks.wall import THEMES, block_names

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.looks.wall")]
PHONE, DESK = 390, 1280
LOOKS = [
    *[(theme, scheme, "en", PHONE) for theme in THEMES for scheme in ("light", "dark")],
    *[(theme, "light", "ar", DESK) for theme in THEMES],
    ("street", "dark", "ar", PHONE),
]


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.mark.parametrize("look", LOOKS)
def test_every_block_can_be_used_by_everybody(browser, live_server, look):
    theme, scheme, language, width = look
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/wall/?theme={theme}&language={language}")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")  # for whoever goes by keyboard, no bar steps aside for another button
    # All of it is there, in the look that was asked for.
    seen = page.eval_on_selector_all("[data-block]", "all => all.map(e => [e.dataset.block, e.innerText.length > 10])")
    assert seen == [[name, True] for name in block_names()]
    assert page.evaluate("document.documentElement.dataset.rbTheme ?? ''") == theme
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    # Folded text counts, too.
    page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true })")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()
