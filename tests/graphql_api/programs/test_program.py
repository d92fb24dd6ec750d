from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, Site

from referral_blocks.programs.models import ProgramStatus, TermsVersion
from referral_blocks.rewards.models import RewardRule, RuleCondition
from tests.graphql_api.ask import ask, codes, data
from tests.make import RULES, make_link, make_program
from tests.make_pages import make_portal_page, make_share_page, make_terms_page

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


def test_the_pages_of_a_programme_are_named(client):
    program = make_program()
    query = "{ program { portalUrl termsUrl } }"
    root = Site.objects.get().root_url
    assert data(client, query)["program"] == {"portalUrl": root + "/", "termsUrl": None}
    program.share_page = make_share_page(program)
    program.save()
    assert data(client, query)["program"] == {"portalUrl": root + "/share/", "termsUrl": None}
    program.portal_page, program.terms_page = make_portal_page(program, body=[]), make_terms_page(program)
    program.save()
    assert data(client, query)["program"] == {"portalUrl": root + "/portal/", "termsUrl": root + "/terms/"}


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


def test_without_a_slug_it_is_the_only_live_programme(client):
    query = "{ program { slug } }"
    assert data(client, query) == {"program": None}
    make_program()
    make_program(slug="resting", status=ProgramStatus.PAUSED)
    assert data(client, query) == {"program": {"slug": "neighbours"}}
    make_program(slug="second")
    assert data(client, query) == {"program": None}


def test_earlier_terms_are_read_by_their_number(client):
    program = make_program()
    make_link(program)
    program.terms = "Be kinder."
    program.save()
    query = """query ($n: Int) { program { terms(number: $n) { number text isInForce } } }"""
    assert [data(client, query, {"n": n})["program"]["terms"] for n in (1, 2, 0, -1, None)] == [
        {"number": 1, "text": "Be kind.", "isInForce": False},
        None,
        None,
        None,
        {"number": 2, "text": "Be kinder.", "isInForce": True},
    ]


OFFERS = """
query ($side: RewardSide, $triggers: [OfferTrigger!]) {
  program {
    offers(side: $side, triggers: $triggers) {
      title side trigger worth earned(reader: REFERRER) bounds(reader: REFERRER)
      value { amountMinor currency } least { amountMinor } most { amountMinor }
      friends { first last } purchases { first last } places { first last }
      pointsPrice { amountMinor currency } months minimumPurchase { amountMinor currency } friendKind
      newCustomersOnly limitPerPerson isSoldOut
    }
  }
}
"""
PLAIN = {
    "side": "REFERRER",
    "trigger": "SALE",
    "worth": "",
    "bounds": [],
    "value": None,
    "least": None,
    "friends": {"first": 1, "last": None},
    "purchases": {"first": 1, "last": 1},
    "places": None,
    "pointsPrice": None,
    "months": None,
    "minimumPurchase": None,
    "friendKind": None,
    "newCustomersOnly": False,
    "limitPerPerson": None,
    "isSoldOut": False,
}


def test_an_offer_is_told_in_words_and_in_facts(client):
    percent = {"kind": "percentage", "options": {"percent": "10", "floor_minor": 100}, "amount_minor": 5000}
    program = make_program(
        rules=(
            {"side": "referrer", "title": "A tenth", **percent, "sale_to": None, "months": 12, "limit_per_person": 5},
            {"side": "referrer", "title": "£30", "amount_minor": 3000, "friend_from": 3, "friend_to": 3, "stock": 0},
            {"side": "referrer", "title": "Mug", "amount_minor": 800, "trigger": "points", "points_price": 500},
        )
    )
    tenth = program.reward_rules.get(title="A tenth")
    for fact, operator, value in (
        ("sale.amount", "gte", "50.00"),
        ("friend.kind", "eq", "business"),
        ("friend.is_new", "eq", True),
        ("sale.product", "eq", "secret-sku"),
    ):
        RuleCondition.objects.create(rule=tenth, fact=fact, operator=operator, value=value)
    offers = data(client, OFFERS)["program"]["offers"]
    assert offers[0] == {
        **PLAIN,
        "title": "A tenth",
        "worth": "10% of the purchase, at least £1.00, at most £50.00",
        "earned": "with every purchase of your friend",
        "bounds": [
            "for 12 months",
            "for purchases of £50.00 or more",
            "for businesses",
            "for new customers",
            "further conditions are in the terms",
            "at most 5 times a person",
        ],
        "least": {"amountMinor": 100},
        "most": {"amountMinor": 5000},
        "purchases": {"first": 1, "last": None},
        "months": 12,
        "minimumPurchase": {"amountMinor": 5000, "currency": "GBP"},
        "friendKind": "BUSINESS",
        "newCustomersOnly": True,
        "limitPerPerson": 5,
    }
    assert offers[1] == {
        **PLAIN,
        "title": "£30",
        "earned": "with your friend’s first purchase",
        "bounds": ["with your 3rd friend", "all given away at the moment"],
        "value": {"amountMinor": 3000, "currency": "GBP"},
        "least": {"amountMinor": 3000},
        "most": {"amountMinor": 3000},
        "friends": {"first": 3, "last": 3},
        "isSoldOut": True,
    }
    assert {k: v for k, v in offers[2].items() if PLAIN.get(k) != v} == {
        "title": "Mug",
        "trigger": "POINTS",
        "worth": "£8.00",
        "earned": "for 500 points",
        "value": {"amountMinor": 800, "currency": "GBP"},
        "least": {"amountMinor": 800},
        "most": {"amountMinor": 800},
        "friends": None,
        "purchases": None,
        "pointsPrice": {"amountMinor": 500, "currency": "PTS"},
    }


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({}, ["£20 gift", "£10 off", "Mug"]),
        ({"side": "FRIEND"}, ["£10 off"]),
        ({"triggers": ["POINTS"]}, ["Mug"]),
        ({"triggers": ["SALE"], "side": "REFERRER"}, ["£20 gift"]),
        ({"triggers": []}, []),
    ],
)
def test_offers_are_chosen_by_side_and_trigger(client, asked, titles):
    points = {"side": "referrer", "title": "Mug", "amount_minor": 800, "trigger": "points", "points_price": 500}
    make_program(rules=(*RULES, points))
    assert [offer["title"] for offer in data(client, OFFERS, asked)["program"]["offers"]] == titles


def test_more_offers_cost_no_more_queries(client):
    program, counts = make_program(), []
    for _round in range(3):
        for number in range(5):
            for trigger in ("sale", "points"):
                rule = RewardRule.objects.create(
                    program=program,
                    side="referrer",
                    title=str(number),
                    amount_minor=100,
                    trigger=trigger,
                    points_price=100,
                )
                RuleCondition.objects.create(rule=rule, fact="friend.is_new", operator="eq", value=True)
        with CaptureQueriesContext(connection) as queries:
            shown = data(client, OFFERS)["program"]["offers"]
        counts.append(len(queries))
    assert (len(set(counts)), len(shown)) == (1, 2 + 3 * 10), counts
