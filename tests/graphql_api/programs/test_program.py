from datetime import UTC, datetime

import pytest
from wagtail.models import Page, Site

from referral_blocks.programs.models import ProgramStatus, TermsVersion
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db

PROGRAM = """
query ($slug: String!) {
  program(slug: $slug) {
    name slug currency isOpen startsAt endsAt terms { number text }
    offers { side title value { amountMinor currency formatted(locale: "de-DE") } } landingUrl shareUrl
  }
}
"""


def test_a_programme_is_shown_with_terms_offers_and_pages(client):
    make_program(starts_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    root = Site.objects.get().root_url
    assert data(client, PROGRAM, {"slug": "neighbours"})["program"] == {
        "name": "Bring a neighbour",
        "slug": "neighbours",
        "currency": "GBP",
        "isOpen": True,
        "startsAt": "2026-01-02T03:04:05+00:00",
        "endsAt": None,
        "terms": {"number": 1, "text": "Be kind."},
        "offers": [
            {
                "side": "REFERRER",
                "title": "£20 gift",
                "value": {"amountMinor": 2000, "currency": "GBP", "formatted": "20,00\xa0£"},
            },
            {
                "side": "FRIEND",
                "title": "£10 off",
                "value": {"amountMinor": 1000, "currency": "GBP", "formatted": "10,00\xa0£"},
            },
        ],
        "landingUrl": root + "/",
        "shareUrl": root + "/",
    }


def test_reading_writes_no_terms_and_the_number_is_the_one_that_joiners_accept(client):
    program = make_program()
    data(client, PROGRAM, {"slug": "neighbours"})
    assert not TermsVersion.objects.exists()
    make_link(program)
    program.terms = "Be kinder."
    program.save()
    assert data(client, PROGRAM, {"slug": "neighbours"})["program"]["terms"] == {"number": 2, "text": "Be kinder."}
    make_link(program, email="second@example.com")
    assert TermsVersion.objects.get(text="Be kinder.").number == 2


def test_a_programme_without_terms_has_null_terms(client):
    make_program(terms="")
    assert data(client, PROGRAM, {"slug": "neighbours"})["program"]["terms"] is None


def test_a_retired_offer_is_not_shown(client):
    program = make_program()
    program.reward_rules.filter(side="friend").update(active=False)
    offers = data(client, PROGRAM, {"slug": "neighbours"})["program"]["offers"]
    assert [offer["title"] for offer in offers] == ["£20 gift"]


@pytest.mark.parametrize("slug", ["nothing", "", "neigh\x00bours", "x" * 10_000, "\ud800"])
def test_an_unknown_slug_is_null(client, slug):
    make_program()
    assert data(client, PROGRAM, {"slug": slug}) == {"program": None}


def test_a_draft_and_another_sites_programme_are_null(client):
    make_program(status=ProgramStatus.DRAFT)
    other = Site.objects.create(hostname="other.example", root_page=Page.objects.get(depth=2))
    make_program(slug="elsewhere", site=other)
    assert data(client, PROGRAM, {"slug": "neighbours"}) == {"program": None}
    assert data(client, PROGRAM, {"slug": "elsewhere"}) == {"program": None}
    answer = data(client, PROGRAM, {"slug": "elsewhere"}, Host="other.example")
    assert answer["program"]["slug"] == "elsewhere"


def test_a_paused_programme_is_shown_as_not_open(client):
    make_program(status=ProgramStatus.PAUSED)
    assert data(client, PROGRAM, {"slug": "neighbours"})["program"]["isOpen"] is False


@pytest.mark.parametrize("locale", ["xx-yy-zz", "../../etc", "", "de\x00", "e" * 10_000])
def test_an_unknown_locale_is_refused(client, locale):
    make_program()
    query = 'query ($l: String!) { program(slug: "neighbours") { offers { value { formatted(locale: $l) } } } }'
    assert set(codes(ask(client, query, {"l": locale}))) == {"BAD_USER_INPUT"}


def test_amounts_beyond_32_bits_are_exact(client):
    make_program(rules=({"side": "referrer", "title": "A house", "amount_minor": 10**15},))
    offers = data(client, PROGRAM, {"slug": "neighbours"})["program"]["offers"]
    assert offers[0]["value"]["amountMinor"] == 10**15
