import pytest
from django.template.loader import select_template

from referral_blocks.theming.theme import Theme, _themes, candidate_templates, register_theme
from tests.make import make_program
from tests.make_pages import make_landing_page, use_theme


@pytest.fixture
def corner(tmp_path, settings):
    """A theme that replaces one block and one element."""
    register_theme(Theme("corner", "Corner", ("corner/tokens.css",)))
    for name, text in {"blocks/terms.html": "CORNER TERMS", "elements/offer.html": "CORNER OFFER"}.items():
        file = tmp_path / "themes" / "corner" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    engine = dict(settings.TEMPLATES[0])
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    yield "corner"
    del _themes["corner"]


def test_a_theme_stands_before_the_plain_template():
    assert candidate_templates("blocks/hero.html", "street") == [
        "themes/street/blocks/hero.html",
        "referral_blocks/blocks/hero.html",
    ]


@pytest.mark.parametrize("slug", ["", "gone", "../etc"])
def test_a_theme_that_is_not_installed_is_no_candidate(slug):
    assert candidate_templates("blocks/hero.html", slug) == ["referral_blocks/blocks/hero.html"]
    assert select_template(candidate_templates("blocks/hero.html", slug))


@pytest.mark.django_db
def test_a_theme_replaces_a_block_and_an_element_and_adds_its_stylesheet(client, corner):
    make_landing_page(make_program())
    plain = client.get("/landing/").content.decode()
    use_theme(corner)
    themed = client.get("/landing/").content.decode()
    assert "CORNER" not in plain
    assert "corner/tokens.css" not in plain
    assert "CORNER TERMS" in themed
    assert "CORNER OFFER" in themed
    assert themed.index("referral_blocks/css/blocks.css") < themed.index("corner/tokens.css")


@pytest.mark.django_db
def test_a_site_whose_theme_was_uninstalled_shows_plain_pages(client):
    make_landing_page(make_program())
    use_theme("gone")
    response = client.get("/landing/")
    assert response.status_code == 200
    assert "data-rb-theme" not in response.content.decode()
