"""Marketers choose a theme and a brand, and see both before they save."""

import re

import pytest
from django.urls import reverse
from wagtail.models import Site

from referral_blocks.theming.models import SiteTheme

from .staff import staff_client

pytestmark = pytest.mark.django_db

EMPTY = dict.fromkeys(
    ("logo", "font", "radius", "accent", "on_accent", "hero", "on_hero", "accent_dark", "on_accent_dark", "hero_dark",
     "on_hero_dark"), "",
)  # fmt: skip


def posted(**given):
    return {"site": str(Site.objects.get(is_default_site=True).pk), "theme": "paper", **EMPTY, **given}


def test_a_brand_is_saved(admin_client):
    form = posted(accent="#1d3557", font="street", radius="round")
    assert admin_client.post(reverse("referral_themes:add"), form).status_code == 302
    row = SiteTheme.objects.get()
    assert (row.theme, row.accent, row.font, row.radius) == ("paper", "#1d3557", "street", "round")


def test_an_illegible_brand_is_refused_beside_its_field(admin_client):
    page = admin_client.post(reverse("referral_themes:add"), posted(accent="#f5c400", on_accent="#ffffff"))
    assert [*page.context["form"].errors] == ["on_accent"]
    assert "The nearest that works" in page.context["form"].errors["on_accent"][0]
    assert not SiteTheme.objects.exists()


@pytest.mark.parametrize("name", ["add", "edit"])
def test_the_form_shows_a_sample_without_inline_script_of_ours(admin_client, name):
    row = SiteTheme.objects.create(site=Site.objects.get(is_default_site=True), theme="signal", accent="#1d3557")
    args = [row.pk] if name == "edit" else []
    html = admin_client.get(reverse(f"referral_themes:{name}", args=args)).content.decode()
    (frame,) = re.findall(r'<iframe class="rb-theme__frame"[^>]+>', html)
    assert 'name="rb-theme-sample"' in frame
    assert ("theme=signal&amp;accent=%231d3557" in frame) == (name == "edit")
    assert 'formtarget="rb-theme-sample"' in html, "it works without scripts"


def test_the_sample_shows_what_the_form_holds_and_writes_nothing(admin_client):
    sample = admin_client.post(reverse("referral_themes:sample"), posted(theme="signal", accent="#f5c400", hero="nope"))
    html = sample.content.decode()
    assert sample["X-Frame-Options"] == "SAMEORIGIN"
    assert "Write the colour as #" in html
    assert html.count("page/?theme=signal&amp;accent=%23f5c400&amp;scheme=") == 2
    assert "nope" not in html
    assert not SiteTheme.objects.exists()
    assert not re.search(r"<style|style=|<script| on[a-z]+=", html)


def test_the_sample_page_wears_the_theme_and_its_styles_hold_one_scheme(admin_client):
    query = {"theme": "signal", "accent": "#f5c400", "scheme": "dark"}
    html = admin_client.get(reverse("referral_themes:sample_page"), query).content.decode()
    assert 'data-rb-theme="signal"' in html
    assert 'class="rb-block rb-hero' in html
    assert not re.search(r"<style|style=|<script| on[a-z]+=", html)
    dark = admin_client.get(reverse("referral_themes:sample_styles"), query).content.decode()
    light = admin_client.get(reverse("referral_themes:sample_styles"), {**query, "scheme": "light"}).content.decode()
    assert "prefers-color-scheme" not in dark + light
    assert "@media all" in dark
    assert "@media not all" in light
    assert "--rb-color-accent: #f5c400;" in dark
    assert 'url("/static/themes/signal/fonts/host-grotesk-latin.woff2")' in dark


@pytest.mark.parametrize("name", ["sample", "sample_page", "sample_styles"])
def test_the_sample_is_for_those_who_may_change_themes(client, name):
    url = reverse(f"referral_themes:{name}")
    assert client.get(url).status_code == 302, "to the log-in"
    assert staff_client("view_sale").get(url).status_code in (302, 403)
    assert staff_client("change_sitetheme", username="mo").get(url).status_code == 200


def test_a_programme_is_given_its_own_theme(admin_client):
    html = admin_client.get(reverse("referral_programs:add")).content.decode()
    select = re.search(r'<select name="theme".*?</select>', html, re.DOTALL)[0]
    assert re.findall(r'value="([^"]*)"', select) == ["", "paper", "signal", "street"]
