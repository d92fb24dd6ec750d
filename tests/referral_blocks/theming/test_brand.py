"""A site's own colours, font and corners over its theme."""

import re
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Site

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.rewards.page import reward_url
from referral_blocks.theming.brand import Brand, Scheme, brand_css, palette_of, tokens
from referral_blocks.theming.checking import checked_pairs
from referral_blocks.theming.contrast import contrast, is_legible
from referral_blocks.theming.models import SiteTheme
from referral_blocks.theming.theme import all_themes, get_theme
from tests.make import make_program, make_referral
from tests.make_pages import make_landing_page, use_theme

YELLOW, NAVY = "#f5c400", "#1d3557"
BRANDS = [
    Brand(light=Scheme(accent=accent, hero=hero))
    for accent in ("", YELLOW, NAVY, "#808080", "#ff0055")
    for hero in ("", YELLOW, NAVY, "#ffffff")
]


def stored(**fields):
    use_theme(fields.pop("theme", "street"))
    SiteTheme.objects.update(**fields)
    return SiteTheme.objects.get()


def brand_address(html):
    return (re.findall(r'href="(/referrals/brand/[^"]+)"', html) or [""])[0]


def test_an_empty_brand_says_nothing():
    assert brand_css(Brand(), get_theme("street")) == ""


def test_colours_become_properties_for_day_and_night():
    css = brand_css(Brand(light=Scheme(accent=NAVY)), get_theme("street"))
    day, night = css.split("@media (prefers-color-scheme: dark)")
    assert f"--rb-color-accent: {NAVY};" in day
    assert "--rb-color-on-accent: #ffffff;" in day
    assert f"--rb-color-accent: {NAVY};" not in night, "navy would be lost in the dark"


@pytest.mark.parametrize("theme", [None, "paper", "signal", "street"])
@pytest.mark.parametrize("brand", BRANDS, ids=lambda b: f"{b.light.accent or 'own'}-{b.light.hero or 'own'}")
def test_whatever_colours_are_chosen_words_can_be_read(theme, brand):
    theme = get_theme(theme) if theme else None
    for pair in checked_pairs(brand, theme):
        assert pair.passes, pair
    for dark in (False, True):
        made = tokens(brand, theme, dark=dark)
        palette = (theme.dark if dark else theme.light) if theme else None
        if palette and "color-link" in made:
            assert is_legible(made["color-link"], palette.grounds)
        if "color-accent-hover" in made:
            assert contrast(made["color-on-accent"], made["color-accent-hover"]) >= 4.5
        if "color-hero-accent" in made and made["color-hero-accent"].startswith("#"):
            assert contrast(
                made["color-hero-accent"], made.get("color-hero", palette.hero if palette else "#000")
            ) >= 3 or (palette is None)


def test_font_and_corners_come_from_a_list():
    css = brand_css(Brand(font="paper", radius="round"), get_theme("street"))
    assert '--rb-font-heading: "Young Serif"' in css
    assert "--rb-radius-button: 99rem;" in css
    assert brand_css(Brand(font="gone", radius="wild"), get_theme("street")) == ""


@pytest.mark.django_db
def test_a_page_loads_the_lent_font_instead_of_the_themes(client):
    make_landing_page(make_program())
    stored(font="paper")
    html = client.get("/landing/").content.decode()
    assert "themes/paper/fonts.css" in html
    assert "themes/paper/fonts/young-serif-latin.woff2" in html
    assert "themes/street/fonts" not in html
    assert "themes/street/tokens.css" in html


@pytest.mark.django_db
def test_the_stylesheet_is_kept_for_ever_under_an_address_that_changes_with_it(client):
    make_landing_page(make_program())
    stored(accent=NAVY)
    html = client.get("/landing/").content.decode()
    first = brand_address(html)
    assert html.index("themes/street/elements.css") < html.index(first), "the brand has the last word"
    response = client.get(first)
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert f"--rb-color-accent: {NAVY}" in response.content.decode()
    assert "Set-Cookie" not in response
    stored(accent=YELLOW)
    second = brand_address(client.get("/landing/").content.decode())
    assert second != first
    old = client.get(first)
    assert old["Cache-Control"] == "public, max-age=60", "a page that a cache kept gets the present colours, briefly"
    assert f"--rb-color-accent: {YELLOW}" in old.content.decode()


@pytest.mark.django_db
def test_without_a_brand_there_is_no_stylesheet_for_it(client):
    make_landing_page(make_program())
    stored()
    assert brand_address(client.get("/landing/").content.decode()) == ""
    assert client.get(reverse("referral_blocks:brand", args=["0" * 16])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("evil", ["red;}", "#fff}*", "url(x)", "#12345", "123456", "#12345\n"])
def test_nothing_but_colours_reaches_the_stylesheet(client, evil):
    make_landing_page(make_program())
    row = stored(accent=evil, hero=NAVY)
    css = client.get(brand_address(client.get("/landing/").content.decode())).content.decode()
    assert "--rb-color-accent:" not in css
    with pytest.raises(ValidationError) as refused:
        row.clean_fields(exclude=["theme", "font"])
    assert "accent" in refused.value.message_dict


@pytest.mark.django_db
def test_illegible_words_are_refused_and_the_nearest_shades_named():
    row = stored()
    row.accent, row.on_accent = YELLOW, "#ffffff"
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    (message,) = refused.value.message_dict["on_accent"]
    assert "contrast of 1.6 to 1" in message
    words, ground = re.findall(r"#[0-9a-f]{6}", message)[2:]
    assert contrast(words, YELLOW) >= 4.5
    assert contrast("#ffffff", ground) >= 4.5
    row.accent = ground
    row.full_clean()


@pytest.mark.django_db
def test_the_dark_is_checked_too_and_words_need_something_to_stand_on():
    row = stored()
    row.hero_dark, row.on_hero_dark, row.on_accent = "#222222", "#333333", "#ffffff"
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert {*refused.value.message_dict} == {"on_hero_dark", "on_accent"}
    assert "Choose “buttons and links” as well" in refused.value.message_dict["on_accent"][0]


@pytest.mark.parametrize(
    ("field", "color", "theme"),
    [
        ("accent", "#FFFFFF", ""), ("accent", "#fffbf2", "paper"), ("accent", "#ffffff", "street"),
        ("accent_dark", "#14171b", ""), ("accent_dark", "#1d2127", ""),
    ],
)  # fmt: skip
def test_a_button_that_could_not_be_seen_is_refused_and_the_nearest_shade_named(field, color, theme):
    with pytest.raises(ValidationError) as refused:
        SiteTheme(theme=theme, **{field: color}).clean()
    (error,) = refused.value.error_dict[field]
    palette = palette_of(get_theme(theme), dark=field == "accent_dark")
    assert error.code == "unseen"
    assert all(contrast(error.params["nearest"], ground) >= 3 for ground in palette.grounds)
    SiteTheme(theme=theme, **{field: error.params["nearest"]}).clean()


@pytest.mark.parametrize("color", ["#ffe600", "#ffd1dc", "#cfe8ff", "#000000"])
@pytest.mark.parametrize("theme", ["", "paper", "signal", "street"])
def test_a_pale_colour_may_be_a_buttons(color, theme):
    SiteTheme(theme=theme, accent=color).clean()


@pytest.mark.django_db
def test_a_programme_may_wear_another_theme_with_the_sites_brand_on_it(client):
    program = make_program(theme="signal")
    other = make_program(slug="other", name="Other")
    make_landing_page(program)
    make_landing_page(other, slug="elsewhere")
    stored(theme="paper", accent=NAVY)
    own = client.get("/landing/").content.decode()
    sites = client.get("/elsewhere/").content.decode()
    assert 'data-rb-theme="signal"' in own
    assert "themes/signal/tokens.css" in own
    assert "themes/paper/" not in own
    assert 'data-rb-theme="paper"' in sites
    assert brand_address(own) != brand_address(sites), "links are as legible on each theme’s own grounds"
    assert client.get(brand_address(own))["Cache-Control"].endswith("immutable")
    assert client.get(brand_address(sites))["Cache-Control"].endswith("immutable")


@pytest.mark.django_db
def test_a_reward_wears_its_programmes_theme_on_its_own_page(client):
    program = make_program(theme="signal")
    stored(theme="paper")
    friend = make_referral(program).friend
    rewards = record_sale(
        program=program, source="api", external_id="1", friend_email=friend.email, amount="100", currency="GBP"
    ).rewards
    html = client.get(urlsplit(reward_url(rewards[0])).path).content.decode()
    assert 'data-rb-theme="signal"' in html
    assert "themes/paper/" not in html


@pytest.mark.django_db
def test_a_programme_whose_theme_was_uninstalled_looks_like_its_site(client):
    make_landing_page(make_program(theme="gone"))
    stored(theme="paper")
    assert 'data-rb-theme="paper"' in client.get("/landing/").content.decode()


@pytest.mark.django_db
def test_the_logo_stands_for_the_name_with_its_size(client):
    make_landing_page(make_program())
    Site.objects.update(site_name="Bright & Co")
    Collection.objects.filter(depth=1).exists() or Collection.add_root(name="Root")
    stored(logo=get_image_model().objects.create(title="Logo", file=get_test_image_file(size=(300, 100))))
    html = client.get("/landing/").content.decode()
    (tag,) = re.findall(r'<img class="rb-page__logo"[^>]+>', html)
    assert 'alt="Bright &amp; Co"' in tag
    width, height = re.search(r'width="(\d+)" height="(\d+)"', tag).groups()
    assert (int(width), int(height)) == (300, 100)


def test_every_theme_says_what_it_is():
    assert [theme.slug for theme in all_themes()] == ["paper", "signal", "street"]
    assert all(str(theme.description) for theme in all_themes())
