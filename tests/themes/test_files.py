"""What each theme brings is there, is light enough, and stays within what a theme may do."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from referral_blocks.theming.theme import PLAIN_DARK, PLAIN_LIGHT, STYLESHEETS, get_theme
from tests.make import make_program
from tests.make_pages import make_landing_page, use_theme

THEMES = ["paper", "signal", "street"]
ROOT = Path(__file__).resolve().parents[2]


def files(slug):
    theme = get_theme(slug)
    return [Path(finders.find(sheet)) for sheet in (theme.fonts.stylesheet, *theme.stylesheets)]


@pytest.mark.parametrize("slug", THEMES)
def test_every_file_that_the_theme_names_is_there(slug):
    for path in files(slug):
        for name in re.findall(r'url\("([^"]+)"\)', path.read_text()):
            assert (path.parent / name).is_file(), name
    for early in get_theme(slug).fonts.preload:
        assert finders.find(early), early
        assert f'url("fonts/{Path(early).name}")' in files(slug)[0].read_text()


@pytest.mark.parametrize("slug", THEMES)
def test_the_theme_loads_nothing_from_elsewhere_and_no_more_fonts_than_a_phone_bears(slug):
    folder = files(slug)[0].parent
    for sheet in folder.glob("*.css"):
        assert "//" not in sheet.read_text().replace("/*", "").replace("*/", "")
    assert sum(f.stat().st_size for f in folder.glob("fonts/*-latin.woff2")) < 75_000
    assert "SIL OPEN FONT LICENSE" in (folder / "fonts" / "LICENSE").read_text()


@pytest.mark.parametrize("slug", THEMES)
def test_every_face_has_a_stand_in_of_its_measure_and_gives_way_to_it(slug):
    css = files(slug)[0].read_text()
    faces = re.findall(r"@font-face \{(.*?)\}", css, re.DOTALL)
    own = [face for face in faces if "url(" in face]
    assert own
    assert all("font-display: swap" in face and "unicode-range" in face for face in own)
    stand_ins = {re.search(r'family: "([^"]+)"', f)[1] for f in faces if "size-adjust" in f and "ascent-override" in f}
    for face in own:
        family = re.search(r'family: "([^"]+)"', face)[1]
        assert len([name for name in stand_ins if name.startswith(family + " ")]) == 2, family


@pytest.mark.parametrize("slug", THEMES)
def test_all_that_moves_asks_for_leave_first(slug):
    text = "\n".join(path.read_text() for path in files(slug))
    allowed = re.search(r"@media \(prefers-reduced-motion: no-preference\) \{(.*?)\n\}", text, re.DOTALL)[0]
    assert not re.search(r"transition|animation", text.replace(allowed, ""))


@pytest.mark.parametrize("slug", ["", *THEMES])
def test_the_theme_declares_the_grounds_that_its_tokens_hold(slug):
    """The brand's contrast check reads the declaration, browsers read the tokens."""
    if slug:
        text, light, dark = files(slug)[1].read_text(), get_theme(slug).light, get_theme(slug).dark
    else:
        text, light, dark = Path(finders.find(STYLESHEETS[0])).read_text(), PLAIN_LIGHT, PLAIN_DARK
    day, night = text.split("@media (prefers-color-scheme: dark)")
    for part, palette in ((day, light), (night, dark)):
        tokens = dict(re.findall(r"--rb-(?:color|street)-([a-z-]+): (#[0-9a-f]{3,6});", part))
        colors = {name: c if len(c) == 7 else "#" + "".join(2 * x for x in c[1:]) for name, c in tokens.items()}
        if slug == "street" and part is day:
            colors |= {"page": colors["chalk"], "hero": colors["marigold"]}
        grounds = {colors[name] for name in ("page", "surface", "form") if name in colors}
        assert grounds <= {*palette.grounds}
        assert palette.hero == colors["hero"]
        if palette.panel:
            assert palette.panel == colors["panel"]


@pytest.mark.parametrize("slug", THEMES)
def test_a_theme_holds_no_logic(slug):
    folder = ROOT / "themes" / slug
    assert sorted(p.name for p in folder.glob("*.py")) == ["__init__.py", "apps.py"]


@pytest.mark.django_db
@pytest.mark.parametrize("slug", THEMES)
def test_a_themed_page_has_no_inline_style_or_script(client, slug):
    make_landing_page(make_program())
    use_theme(slug)
    html = client.get("/landing/").content.decode()
    assert f'data-rb-theme="{slug}"' in html
    assert not re.search(r"<style|style=|<script(?![^>]* src=)| on[a-z]+=", html)


def test_the_blocks_own_styles_choose_no_look():
    css = Path(finders.find(STYLESHEETS[1])).read_text()
    without = re.sub(r"/\*.*?\*/|var\([^()]*\)", "", css, flags=re.DOTALL)
    found = re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", without)
    assert [c for c in found if c != "#fff"] == [], "a QR code alone is white, or no telephone reads it"
