"""Pages in several languages: links, mails and forms lead to the page in the visitor's own."""

import pytest
from django.utils import translation
from wagtail.models import Locale, Site

from cms.pages.models import LandingPage, PortalPage
from referral_blocks.links.models import Visit
from referral_blocks.referrers.session import make_sign_in_token
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page
from tests.referral_blocks.pages.previewing import make_portal_page, make_terms_page, words

pytestmark = pytest.mark.django_db
LANGUAGES = [("en", "English"), ("de", "German"), ("ar", "Arabic")]
GERMAN = {"accept-language": "de"}


@pytest.fixture(autouse=True)
def _three_languages(settings):
    settings.WAGTAIL_I18N_ENABLED = True
    settings.LANGUAGES = settings.WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    settings.ROOT_URLCONF = "tests.cms.pages.urls_with_languages"
    yield
    translation.activate("en")


@pytest.fixture
def german():
    """The German tree, with its front page."""
    locale = Locale.objects.create(language_code="de")
    front = Site.objects.get().root_page.copy_for_translation(locale)
    front.save_revision().publish()
    return locale


@pytest.fixture
def program():
    return make_program()


def translate(page, locale, *, title, alias=False):
    copy = page.copy_for_translation(locale, alias=alias)
    if not alias:
        copy.title = title
        copy.save_revision().publish()
    return copy


def follow(client, path, **headers):
    response = client.get(path, headers={"user-agent": "Mozilla/5.0", **headers})
    return response.headers["Location"].partition("?")[0]


def test_a_link_leads_to_the_page_in_the_visitors_language(client, program, german):
    page, link = make_landing_page(program), make_link(program)
    translate(page, german, title="Fenster")
    program.refresh_from_db()
    assert program.landing_page_id == page.pk
    path = f"/r/{link.code}/"
    for _again in range(2):  # looked up, and from what was kept of it
        assert follow(client, path) == "http://localhost/en/landing/"
        assert follow(client, path, **GERMAN) == "http://localhost/de/landing/"
        assert follow(client, path, **{"accept-language": "ar"}) == "http://localhost/en/landing/"
    assert Visit.objects.count() == 6
    html = client.get(client.get(path, headers={"user-agent": "Mozilla/5.0", **GERMAN}).headers["Location"])
    assert '<html lang="de"' in html.content.decode()
    assert "Robin" in words(html.content.decode())


def test_a_translation_that_is_a_draft_or_was_taken_back_leads_to_the_original(client, program, german):
    page, link = make_landing_page(program), make_link(program)
    draft = page.copy_for_translation(german)
    assert (draft.live, draft.program_id) == (False, program.pk)
    assert follow(client, f"/r/{link.code}/", **GERMAN) == "http://localhost/en/landing/"
    draft.save_revision().publish()
    page.refresh_from_db()
    page.unpublish()
    assert follow(client, f"/r/{link.code}/", **GERMAN) == "http://localhost/de/landing/"
    LandingPage.objects.get(locale=german).unpublish()
    assert follow(client, f"/r/{link.code}/", **GERMAN) == "http://localhost/"


def test_an_alias_in_another_language_stands_for_its_page(client, program, german):
    page, link = make_landing_page(program), make_link(program)
    alias = translate(page, german, title="", alias=True)
    assert alias.live
    program.refresh_from_db()
    assert program.landing_page_id == page.pk
    assert follow(client, f"/r/{link.code}/", **GERMAN) == "http://localhost/de/landing/"


def test_the_first_translation_that_is_published_stands_for_all(program, german):
    page = make_landing_page(program, live=False)
    first = translate(page, german, title="Fenster")
    page.save_revision().publish()
    program.refresh_from_db()
    assert program.landing_page_id == first.pk
    with translation.override("en"):
        assert program.landing_page.localized.pk == page.pk


def test_signing_in_leads_to_the_own_page_in_the_visitors_language(client, program, german):
    page = make_portal_page(program)
    translate(page, german, title="Deine Seite")
    link = make_link(program)
    path = f"/referrals/sign-in/{make_sign_in_token(link.referrer)}/"
    assert follow(client, path) == "http://localhost/en/mine/"
    assert follow(client, path, **GERMAN) == "http://localhost/de/mine/"
    PortalPage.objects.get(locale=german).unpublish()
    assert follow(client, path, **GERMAN) == "http://localhost/en/mine/"


def test_forms_link_to_the_terms_page_in_their_own_language(client, program, german):
    page = make_landing_page(program)
    translate(page, german, title="Fenster")
    translate(make_terms_page(program), german, title="Bedingungen")
    assert 'href="http://localhost/en/terms/"' in client.get("/en/landing/").content.decode()
    assert 'href="http://localhost/de/terms/"' in client.get("/de/landing/").content.decode()


def test_a_translated_page_is_previewed_in_its_language(program, german):
    copy = translate(make_landing_page(program), german, title="Fenster")
    response = copy.make_preview_request(preview_mode="friend")
    assert '<html lang="de"' in response.content.decode()
    assert "Alex" in words(response.content.decode())
