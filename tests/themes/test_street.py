import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from referral_blocks.theming.theme import get_theme
from tests.make import make_program
from tests.make_pages import make_landing_page, use_theme


def test_every_file_that_the_theme_names_is_there():
    for sheet in get_theme("street").stylesheets:
        path = Path(finders.find(sheet))
        for name in re.findall(r'url\("([^"]+)"\)', path.read_text()):
            assert (path.parent / name).is_file(), name


def test_the_theme_loads_nothing_from_elsewhere_and_no_more_fonts_than_a_phone_bears():
    folder = Path(finders.find("themes/street/tokens.css")).parent
    for sheet in folder.glob("*.css"):
        assert "//" not in sheet.read_text().replace("/*", "").replace("*/", "")
    assert sum(f.stat().st_size for f in folder.glob("fonts/*-latin.woff2")) < 65_000
    assert (folder / "fonts" / "LICENSE").is_file()


@pytest.mark.django_db
def test_a_themed_page_has_no_inline_style_or_script(client):
    make_landing_page(make_program())
    use_theme("street")
    html = client.get("/landing/").content.decode()
    assert 'data-rb-theme="street"' in html
    assert not re.search(r"<style|style=|<script(?![^>]* src=)| on[a-z]+=", html)
