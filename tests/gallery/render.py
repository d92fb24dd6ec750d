"""`make gallery`: every block and page in every theme, by day and night, on phone and desk, as pictures to look at."""

import io
import os
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.browser import chromium
from tests.looks.states import calm, make_world
from tests.looks.wall import THEMES, block_names
from tests.make_pages import use_theme

from .mosaics import write_mosaics
from .sheet import write_sheets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.looks.wall"), pytest.mark.timeout(900)]
FOLDER = Path(os.environ.get("GALLERY_DIR") or "var/gallery")
SCHEMES = ("light", "dark")
WIDTHS = {"phone": 390, "desktop": 1280}
# Pictures of single blocks show no bar that sticks to the window, and a page's picture shows it once, at its end.
STILL = """
  .rb-cta-bar--sticky { position: static !important; visibility: visible !important; translate: none !important }
  [data-block] { display: block !important }
  .rb-skip { display: none }
"""
EDGE = 4  # pixels of the page around a block


def keep(png: bytes, name: str) -> None:
    file = FOLDER / f"{name}.webp"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(png)).convert("RGB").save(file, quality=82, method=2)


def shoot_blocks(page, theme: str, look: str, url: str) -> None:
    page.goto(f"{url}/wall/?theme={theme}")
    page.add_style_tag(content=STILL)
    page.evaluate("document.fonts.ready.then(() => true)")
    whole = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    for block in page.locator("[data-block]").all():
        box, name = block.bounding_box(), block.get_attribute("data-block")
        top, bottom = box["y"] - EDGE, box["y"] + box["height"] + EDGE
        cut = io.BytesIO()
        whole.crop((0, int(max(top, 0)), whole.width, int(min(bottom, whole.height)))).save(cut, "png")
        keep(cut.getvalue(), f"blocks/{name}/{theme or 'unthemed'}-{look}")


def shoot_pages(page, theme: str, look: str, world) -> None:
    for state in world.states:
        world.visit(page, state)
        page.add_style_tag(content=STILL)
        keep(page.screenshot(full_page=True), f"pages/{state.name}/{theme or 'unthemed'}-{look}")


def test_everything_has_its_picture(live_server):
    shutil.rmtree(FOLDER, ignore_errors=True)
    began, world = time.monotonic(), make_world(live_server.url)
    with chromium() as browser:
        for theme in THEMES:
            use_theme(theme)
            for scheme in SCHEMES:
                for device, width in WIDTHS.items():
                    # A style of the gallery's own is no breach of the site's policy.
                    context = browser.new_context(**calm(scheme, width, bypass_csp=True))
                    page = context.new_page()
                    shoot_blocks(page, theme, f"{scheme}-{device}", live_server.url)
                    shoot_pages(page, theme, f"{scheme}-{device}", world)
                    context.close()
    pictures = write_sheets(FOLDER, themes=[theme or "unthemed" for theme in THEMES])
    write_mosaics(FOLDER)
    seconds = time.monotonic() - began
    print(f"{pictures} pictures in {seconds:.0f} seconds: open {(FOLDER / 'index.html').resolve()}")
    assert pictures == (len(block_names()) + len(world.states)) * len(THEMES) * len(SCHEMES) * len(WIDTHS)
