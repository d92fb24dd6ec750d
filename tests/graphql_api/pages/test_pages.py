from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Page, PageViewRestriction, Site

from cms.pages.models import LandingPage
from graphql_api.pages.found import page_models
from referral_blocks.blocks.stream import ReferralStreamBlock
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_program
from tests.make_pages import make_landing_page, make_share_page, make_terms_page

pytestmark = pytest.mark.django_db

PAGE = "query ($path: String!) { page(path: $path) { title path } }"
PAGES = """
query ($type: PageType, $program: String, $first: Int! = 20, $after: String) {
  pages(type: $type, program: $program, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { title } }
  }
}
"""


def titles(client, **variables):
    return [edge["node"]["title"] for edge in data(client, PAGES, variables)["pages"]["edges"]]


def page_at(client, path):
    return data(client, PAGE, {"path": path})["page"]


def test_a_page_says_what_it_is(client):
    program = make_program()
    page = make_landing_page(program, search_description="Come in", first_published_at=datetime(2026, 1, 2, tzinfo=UTC))
    query = """{ page(path: "/landing/") {
      id type title seoTitle searchDescription path url language firstPublishedAt lastPublishedAt
      shareImage { alt } program { slug } blocks { __typename }
    } }"""
    shown = data(client, query)["page"]
    assert shown.pop("id")
    assert shown == {
        "type": "LANDING",
        "title": page.title,
        "seoTitle": page.title,
        "searchDescription": "Come in",
        "path": "/landing/",
        "url": Site.objects.get().root_url + "/landing/",
        "language": "en",
        "firstPublishedAt": "2026-01-02T00:00:00+00:00",
        "lastPublishedAt": None,
        "shareImage": None,
        "program": {"slug": "neighbours"},
        "blocks": [
            {"__typename": "HeroBlock"},
            {"__typename": "StepsBlock"},
            {"__typename": "FriendFormBlock"},
            {"__typename": "TermsBlock"},
        ],
    }


def test_a_path_without_its_last_slash_is_found_too(client):
    make_landing_page(make_program())
    assert page_at(client, "/landing") == {"title": "Landing", "path": "/landing/"}


@pytest.mark.parametrize(
    "path",
    ["", "landing/", "/nothing/", "//landing/", "/admin/", "/landing/../", "/lan%64ing/", "/\x00/", "/" + "x/" * 5000,
     "https://example.com/landing/", "/landing/?x=1"],
)  # fmt: skip
def test_a_path_to_no_page_is_null(client, path):
    make_landing_page(make_program())
    assert page_at(client, path) is None


def test_pages_come_in_the_order_of_the_tree_by_type_and_program(client):
    program = make_program()
    make_landing_page(program)
    make_share_page(None)
    make_terms_page(program)
    make_landing_page(make_program(slug="other"), slug="second")
    assert titles(client) == ["Landing", "Share", "Terms and conditions", "Landing"]
    assert titles(client, type="SHARE") == ["Share"]
    assert titles(client, type="PORTAL") == []
    assert titles(client, program="neighbours") == ["Landing", "Terms and conditions"]
    assert titles(client, program="nothing") == []


def test_a_page_without_a_programme_is_of_the_only_live_one(client):
    make_share_page(None)
    make_program()
    assert titles(client, program="neighbours") == ["Share"]


def test_pages_go_on_where_the_cursor_is(client):
    for number in range(3):
        make_landing_page(None, slug=f"p{number}")
    first = data(client, PAGES, {"first": 2})["pages"]
    assert (first["totalCount"], len(first["edges"]), first["pageInfo"]["hasNextPage"]) == (3, 2, True)
    rest = data(client, PAGES, {"first": 2, "after": first["pageInfo"]["endCursor"]})["pages"]
    assert (rest["totalCount"], len(rest["edges"]), rest["pageInfo"]["hasNextPage"]) == (3, 1, False)


@pytest.mark.parametrize("given", [{"first": -1}, {"first": 101}, {"after": "x"}])
def test_no_list_without_bounds(client, given):
    assert codes(ask(client, PAGES, given)) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("kind", ["password", "login", "groups"])
def test_a_page_behind_a_lock_is_nowhere_and_neither_is_what_stands_below_it(client, kind):
    program = make_program()
    parent = make_landing_page(program)
    parent.add_child(instance=LandingPage(title="Below", slug="below", program=program))
    node = data(client, '{ page(path: "/landing/") { id } }')["page"]["id"]
    assert node
    restriction = PageViewRestriction.objects.create(page=parent, restriction_type=kind, password="x")
    restriction.groups.set(Group.objects.all())
    assert titles(client) == []
    assert page_at(client, "/landing/") is None and page_at(client, "/landing/below/") is None


def test_drafts_and_other_sites_are_nowhere(client):
    program = make_program()
    page = make_landing_page(program)
    page.unpublish()
    other_root = Page.objects.get(depth=1).add_child(instance=Page(title="Other", slug="other-home"))
    Site.objects.create(hostname="other.example", root_page=other_root)
    other_root.add_child(instance=LandingPage(title="Elsewhere", slug="elsewhere"))
    assert titles(client) == [] and page_at(client, "/landing/") is None and page_at(client, "/elsewhere/") is None
    assert page_at_other(client) == {"title": "Elsewhere", "path": "/elsewhere/"}


def page_at_other(client):
    return data(client, PAGE, {"path": "/elsewhere/"}, Host="other.example")["page"]


def test_a_site_below_this_one_keeps_its_pages(client):
    make_landing_page(make_program())
    nested = Site.objects.get().root_page.add_child(instance=Page(title="Nested", slug="nested"))
    nested.add_child(instance=LandingPage(title="Inside", slug="inside"))
    assert titles(client) == ["Landing", "Inside"]
    Site.objects.create(hostname="nested.example", root_page=nested)
    assert titles(client) == ["Landing"]


def test_a_page_type_that_says_so_is_not_told_of(client, monkeypatch):
    make_landing_page(make_program())
    monkeypatch.setattr(LandingPage, "in_graphql", False, raising=False)
    page_models.cache_clear()
    try:
        assert titles(client) == [] and page_at(client, "/landing/") is None
    finally:
        monkeypatch.undo()
        page_models.cache_clear()


EVERYTHING = """
{ pages(first: 100) { totalCount edges { node { id url language program { name } shareImage { alt rendition { url } }
  blocks {
    ... on ProgramBlock { isShown program {
      slug landingUrl terms { number } first: terms(number: 1) { number } offers { title earned bounds }
    } }
    ... on HeroBlock { offers { title } action { url } image { rendition { url } } }
    ... on OfferCardsBlock { offers { title worth bounds } }
    ... on TestimonialsBlock { testimonials { name photo { rendition(size: SQUARE_128) { url } } } }
    ... on LeaderboardBlock { leaderboard { places { name prizes { title } } } }
    ... on StatRowBlock { shown { figure } }
    ... on GroupDealBlock { groupOffers { title } prizes { title } }
    ... on MilestoneBlock { milestones { title } }
    ... on TermsBlock { terms { number } }
} } } } }
"""


def count(client, query):
    cache.clear()
    data(client, query)  # draws the pictures’ sizes, which the site does once
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        data(client, query)
    return len(queries), [q["sql"] for q in queries]


def test_one_page_with_all_that_its_blocks_show_is_within_what_may_be_asked(client):
    make_landing_page(make_program())
    query = EVERYTHING.replace("pages(first: 100)", "pages(first: 1)")
    assert data(client, query)["pages"]["totalCount"] == 1


def test_more_pages_and_blocks_cost_no_more_queries(client, settings):
    without_limits = {"API_MAX_COST": 10**9, "RATE_LIMITS_ENABLED": False}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, **without_limits}
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    program = make_program()
    images = [
        get_image_model().objects.create(title=str(n), file=get_test_image_file(size=(900, 600))) for n in range(4)
    ]

    def body(number, blocks):
        photo = {"image": images[number % 4].pk, "decorative": False, "alt_text": "A face"}
        pieces = [
            ("hero", {"image": photo, "show_offer": True, "action_text": "Go", "action_aim": "share_page"}),
            ("testimonials", {"testimonials": [
                {"type": "item", "id": "t", "value": {"quote": "q", "name": "n", "photo": photo}}
            ]}),
            ("offer_cards", {"program": program.pk}), ("leaderboard", {"places": 3 + number % 7}), ("stat_row", {}),
            ("group_deal", {}), ("milestone", {}), ("terms", {}),
        ]  # fmt: skip
        stored = [{"type": n, "value": v, "id": f"{n}{i}"} for i in range(blocks) for n, v in pieces]
        return ReferralStreamBlock().to_python(stored)

    def add(number, blocks=1):
        kind = (make_landing_page, make_share_page)[number % 2]
        kind(program, slug=f"page-{number}", body=body(number, blocks), share_image=images[number % 4])

    add(0)
    add(1)
    few, _sql = count(client, EVERYTHING)
    for number in range(2, 10):
        add(number, blocks=1 + number % 3)
    ten, sql = count(client, EVERYTHING)
    assert ten == few, sql
    for number in range(10, 60):
        add(number)
    many, sql = count(client, EVERYTHING)
    assert many == few, sql
