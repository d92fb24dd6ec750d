"""The theme of the how-to is whole: its very files are written, installed and worn."""

import re
import sys
from pathlib import Path

import pytest
from django.apps import AppConfig
from django.contrib.staticfiles import finders
from django.template.loader import select_template

from referral_blocks.theming.contrast import is_legible
from referral_blocks.theming.theme import _themes, candidate_templates, get_theme
from tests.make import make_program
from tests.make_pages import make_landing_page, use_theme

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-theme.md"
NAME = re.compile(r"(?:# |/\* |\{# )(harbour/\S+)")
EXAMPLES = re.compile(r"```(?:python|css|html)\n(.*?)```", re.DOTALL)


@pytest.fixture
def harbour(tmp_path, settings, monkeypatch):
    """The files as the how-to says, and the app as Django would start it."""
    for text in EXAMPLES.findall(HOW_TO.read_text()):
        file = tmp_path / NAME.match(text)[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    folder = tmp_path / "harbour"
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [folder / "templates", *engine["DIRS"]]}]
    settings.STATICFILES_DIRS = [folder / "static", *settings.STATICFILES_DIRS]
    finders.get_finder.cache_clear()
    AppConfig.create("harbour").ready()
    yield folder
    _themes.pop("harbour")
    for name in [name for name in sys.modules if name.split(".")[0] == "harbour"]:
        del sys.modules[name]
    finders.get_finder.cache_clear()


@pytest.mark.django_db
def test_the_example_is_worn_by_a_page(client, harbour):
    make_landing_page(make_program())
    use_theme("harbour")
    html = client.get("/landing/").content.decode()
    assert 'data-rb-theme="harbour"' in html
    assert html.index("blocks.css") < html.index("harbour/tokens.css") < html.index("harbour/elements.css")
    for sheet in get_theme("harbour").stylesheets:
        assert finders.find(sheet), sheet
    notice = select_template(candidate_templates("elements/notice.html", "harbour"))
    assert notice.render({"text": "Hello", "kind": "good"}).strip() == (
        '<div class="rb-notice rb-notice--good" role="status"><p><strong>Hello</strong></p></div>'
    )


def test_its_palette_and_its_colours_hold_what_the_how_to_says(harbour):
    css = (harbour / "static" / "harbour" / "tokens.css").read_text()
    theme = get_theme("harbour")
    day, night = css.split("@media (prefers-color-scheme: dark)")
    for part, palette in ((day, theme.light), (night, theme.dark)):
        colors = dict(re.findall(r"--rb-color-([a-z-]+): (#[0-9a-f]{6});", part))
        assert palette.grounds == (colors["page"], colors["surface"])
        assert (palette.hero, palette.panel) == (colors["hero"], colors["panel"])
        assert is_legible(colors["on-accent"], [colors["accent"], colors["accent-hover"]])
        for name in ("text", "quiet", "link"):
            assert is_legible(colors[name], palette.grounds), name


def test_the_how_to_stays_short():
    assert len(HOW_TO.read_text().splitlines()) <= 120
