import html
import io
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.template import Context, Template
from django.utils.translation import override
from PIL import Image
from wagtail.images import get_image_model
from wagtail.models import Collection, Locale, PageViewRestriction, Site

from cms.pages.models import HomePage, LandingPage
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.rewards.models import RewardRule
from referral_blocks.theming.models import SiteTheme
from referral_blocks.views import share_card
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, use_theme

pytestmark = pytest.mark.django_db

BODY = [
    ("hero", {"heading": "Windows to look through", "text": "Leave your details.\nWe ring you.", "speaks_to": "friend"})
]


@pytest.fixture
def page():
    Site.objects.update(site_name="Bright Windows")
    use_theme("street")
    return make_landing_page(make_program(), body=BODY)


@pytest.fixture
def drawn(monkeypatch):
    """The cards that were really drawn."""
    made, draw = [], share_card.draw_card

    def counted(card, logo=None):
        made.append((card, logo))
        return draw(card, logo)

    monkeypatch.setattr(share_card, "draw_card", counted)
    return made


def head(client, path="/landing/"):
    """What the page says of itself: content of meta and href of link elements by their name."""
    text = client.get(path).content.decode()
    pairs = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', text)
    links = re.findall(r'<link rel="canonical" ()href="([^"]+)"', text)
    return {name: html.unescape(value) for name, value in [*pairs, *(("canonical", url) for _none, url in links)]}


def address(client, path="/landing/"):
    return head(client, path)["og:image"].removeprefix("http://localhost")


def make_picture(title="Logo", size=(1600, 900), color="#101828"):
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    data = io.BytesIO()
    Image.new("RGB", size, color).save(data, "PNG")
    return get_image_model().objects.create(title=title, file=ImageFile(ContentFile(data.getvalue()), f"{title}.png"))


def test_a_page_says_what_it_offers_in_words_from_its_hero_and_its_rules(client, page):
    told = head(client, "/landing/?rt=secret&utm_source=x&rb=thanks")
    assert told["og:title"] == "Windows to look through"
    assert told["og:description"] == told["description"] == "£10 off. Leave your details. We ring you."
    assert told["og:url"] == told["canonical"] == "http://localhost/landing/"
    assert (told["og:type"], told["og:site_name"], told["og:locale"]) == ("website", "Bright Windows", "en")
    assert (told["og:image:type"], told["og:image:width"], told["og:image:height"]) == ("image/png", "1200", "630")
    assert told["og:image:alt"] == "Windows to look through. £10 off. Bright Windows"
    assert told["twitter:card"] == "summary_large_image"
    assert re.fullmatch(r"http://localhost/referrals/card/\d+/en/[0-9a-f]{32}\.png", told["og:image"])


def test_what_the_marketer_wrote_and_chose_comes_first(client, page):
    LandingPage.objects.update(
        seo_title="Own title", search_description="Own words", share_image=make_picture("A clean window")
    )
    told = head(client)
    assert (told["og:title"], told["og:description"]) == ("Own title", "Own words")
    assert (told["og:image:type"], told["og:image:width"], told["og:image:height"]) == ("image/jpeg", "1200", "630")
    assert told["og:image:alt"] == "A clean window"
    assert told["og:image"].startswith("http://localhost/media/images/")
    assert told["og:image"].endswith(".jpg")


def test_a_share_image_whose_file_is_gone_gives_way_to_one_that_is_drawn(client, page):
    picture = make_picture()
    picture.file.storage.delete(picture.file.name)
    LandingPage.objects.update(share_image=picture)
    assert head(client)["og:image:type"] == "image/png"


def test_nothing_is_promised_that_is_not_to_be_had(client, page):
    Program.objects.update(status=ProgramStatus.PAUSED)
    assert head(client)["og:description"] == "Leave your details. We ring you."
    assert "£10" not in head(client)["og:image:alt"]


def test_a_page_for_referrers_says_what_they_get(client, page):
    make_landing_page(Program.objects.get(), slug="share", body=[("hero", {**BODY[0][1], "speaks_to": "referrer"})])
    assert head(client, "/share/")["og:description"].startswith("£20 gift. ")


def test_it_is_the_same_for_everybody(client, page):
    stranger = head(client)
    client.get(f"/r/{make_link(page.program).code}/", headers={"user-agent": "Mozilla/5.0 Firefox/140.0"})
    assert "Robin" in client.get("/landing/").content.decode(), "the page greets"
    assert head(client) == stranger


def test_translations_that_can_be_visited_are_named(client, page, settings):
    settings.WAGTAIL_I18N_ENABLED = True
    settings.WAGTAIL_CONTENT_LANGUAGES = settings.LANGUAGES = [("en", "English"), ("de", "German"), ("fr", "French")]
    for code, live in (("de", True), ("fr", False)):
        locale = Locale.objects.create(language_code=code)
        copy = page.copy_for_translation(locale, copy_parents=True)
        if live:
            copy.save_revision().publish()
    text = client.get("/landing/").content.decode()
    alternates = re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)"', text)
    assert [language for language, _url in alternates] == ["en", "de"]
    assert re.findall(r'og:locale:alternate" content="([^"]+)"', text) == ["de"]
    assert alternates[0][1] == "http://localhost/landing/"


def test_hostile_words_stay_words(client, page):
    hostile = '"><script>alert(1)</script>'
    LandingPage.objects.update(search_description=hostile)
    Site.objects.update(site_name=hostile)
    RewardRule.objects.update(title=hostile)
    LandingPage.objects.get().save()
    text = client.get("/landing/").content.decode()
    assert "<script>alert" not in text
    assert head(client)["og:description"] == hostile
    assert client.get(address(client)).status_code == 200


def test_a_hosts_own_page_can_say_it_too_and_without_a_page_nothing_is_said(rf):
    home = Site.objects.get().root_page.add_child(instance=HomePage(title="Our home", slug="own"))
    template = Template("{% load referral_blocks %}{% referral_meta page %}")
    shown = template.render(Context({"page": home, "request": rf.get("/")}))
    assert '<meta property="og:title" content="Our home">' in shown
    assert template.render(Context({"request": rf.get("/")})).strip() == ""


def test_the_image_is_drawn_once_and_may_be_kept_for_ever(client, page, drawn):
    url = address(client)
    for _ in range(3):
        response = client.get(url)
        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert not response.cookies
        assert Image.open(io.BytesIO(response.content)).size == (1200, 630)
    assert client.head(url)["Cache-Control"] == "public, max-age=31536000, immutable"
    ((card, _logo),) = drawn
    assert (card.heading, card.offer, card.name) == ("Windows to look through", "£10 off", "Bright Windows")


def test_other_words_have_another_address_and_the_old_one_is_still_answered(client, page, drawn):
    before = address(client)
    client.get(before)
    RewardRule.objects.filter(title="£10 off").update(title="£15 off", amount_minor=1500)
    after = address(client)
    assert after != before
    assert client.get(after).status_code == client.get(before).status_code == 200
    assert [card.offer for card, _logo in drawn] == ["£10 off", "£15 off"]


def test_nothing_is_drawn_for_an_address_that_no_live_page_of_the_site_has(client, page, drawn):
    url = address(client)
    number = f"/{page.pk}/"
    other = Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page.add_child(
        instance=HomePage(title="Other", slug="other")
    ))  # fmt: skip
    for wrong in (
        url[:-5] + "x.png",
        url.replace(number, "/1/"),
        url.replace("/en/", "/xx/"),
    ):
        assert client.get(wrong).status_code == 404
    assert client.get(url, headers={"host": other.hostname}).status_code == 404
    LandingPage.objects.update(live=False)
    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 405
    assert drawn == []


def test_a_site_in_a_variant_of_a_listed_language_has_images_too(client, page, drawn):
    """LANGUAGE_CODE is “en-us” in every new project, and LANGUAGES has “en”."""
    with override("en-us"):
        url = address(client)
        assert "/en-us/" in url
        assert client.get(url).status_code == 200
    assert len(drawn) == 1


@pytest.mark.parametrize("kind", ["password", "login"])
def test_a_page_that_not_everybody_may_read_has_no_image_and_neither_have_those_below_it(client, page, drawn, kind):
    url = address(client)
    PageViewRestriction.objects.create(page=page.get_parent(), restriction_type=kind, password="x")
    assert client.get(url).status_code == 404
    assert drawn == []


@pytest.mark.parametrize("version", ["x", "A" * 32, 300 * "a"])
def test_a_name_that_no_image_can_have_is_not_even_looked_up(client, page, version, monkeypatch):
    monkeypatch.setattr(share_card, "cache", None)
    assert client.get(f"/referrals/card/{page.pk}/en/{version}.png").status_code == 404


def test_a_site_draws_so_many_a_minute_and_not_more(client, page, drawn, settings, monkeypatch):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    monkeypatch.setattr(share_card, "LIMIT", "1/hour")
    first = address(client)
    assert client.get(first).status_code == 200
    RewardRule.objects.update(title="Another")
    refused = client.get(address(client))
    assert (refused.status_code, refused["Retry-After"], refused["Cache-Control"]) == (429, "60", "no-store")
    assert client.get(first).status_code == 200, "what is drawn already is not limited"
    assert len(drawn) == 1


def test_the_brands_logo_is_drawn_and_one_whose_file_is_gone_is_not_missed(client, page, drawn):
    logo = make_picture(size=(400, 100))
    SiteTheme.objects.update(logo=logo)
    client.get(address(client))
    assert drawn[0][1].size == (400, 100)
    logo.get_rendition(share_card.LOGO).delete()
    logo.file.storage.delete(logo.file.name)
    RewardRule.objects.update(title="Another")
    assert client.get(address(client)).status_code == 200
    assert drawn[1][1] is None
