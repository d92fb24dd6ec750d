"""A front-end on a host of its own names the site that it shows."""

import pytest
from django.contrib.auth.models import Group
from wagtail.models import Page, PageViewRestriction, Site

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.programs.models import ProgramStatus
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.many import many
from tests.graphql_api.signed_in import sign_in
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page

pytestmark = pytest.mark.django_db

NAMED = [
    'program(site: "%s") { slug }',
    'program(slug: "harbour", site: "%s") { slug }',
    'page(path: "/", site: "%s") { title }',
    'pages(site: "%s") { totalCount }',
    'leaderboard(site: "%s") { period }',
    'validateCode(code: "X", site: "%s") { isValid }',
]


@pytest.fixture
def harbour():
    """Another site with a programme of its own; the one that is asked has one, too."""
    make_landing_page(make_program())
    root = Page.objects.get(depth=1).add_child(title="Harbour", slug="harbour")
    site = Site.objects.create(hostname="harbour.example.com", root_page=Page.objects.get(pk=root.pk))
    return make_program(slug="harbour", name="Harbour", site=site)


def named(client, site, field=NAMED[0]):
    return data(client, f"{{ {field % site} }}")


@pytest.mark.parametrize("name", ["harbour.example.com", "Harbour.Example.COM", "harbour.example.com:80"])
def test_a_site_is_found_by_its_own_name_and_not_by_the_one_that_is_asked(client, harbour, name):
    assert named(client, name) == {"program": {"slug": "harbour"}}
    assert data(client, "{ program { slug } }") == {"program": {"slug": "neighbours"}}
    assert data(client, '{ program(slug: "harbour") { slug } }') == {"program": None}
    assert data(client, f'{{ program(slug: "neighbours", site: "{name}") {{ slug }} }}') == {"program": None}


def test_a_sites_pages_speak_of_its_own_programme(client, harbour):
    page = make_landing_page(harbour, slug="welcome")
    page.move(harbour.site.root_page, pos="last-child")
    type(harbour).objects.filter(pk=harbour.pk).update(landing_page=page.pk)
    query = 'page(path: "/welcome/", site: "%s") { title url program { slug landingUrl } }'
    shown = named(client, harbour.site.hostname, query)["page"]
    assert shown["program"]["slug"] == "harbour"
    assert (shown["title"], shown["url"]) == (page.title, "http://harbour.example.com/welcome/")
    assert shown["program"]["landingUrl"] == shown["url"]
    blocks = "blocks { ... on ProgramBlock { program { slug } } }"
    query = f'pages(site: "%s") {{ edges {{ node {{ program {{ slug }} {blocks} }} }} }}'
    (edge,) = named(client, harbour.site.hostname, query)["pages"]["edges"]
    assert edge["node"]["program"] == {"slug": "harbour"}
    assert {block["program"]["slug"] for block in edge["node"]["blocks"] if block} == {"harbour"}


@pytest.mark.parametrize("field", NAMED)
@pytest.mark.parametrize("name", ["", "nowhere.example.com", "harbour.example.com:81", "harbour:x", "a" * 300])
def test_a_name_that_no_site_has_is_an_error(client, harbour, field, name):
    answer = ask(client, f"{{ {field % name} }}")
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert answer["errors"][0]["message"] == "There is no such site."


@pytest.mark.parametrize("field", NAMED)
def test_a_site_behind_a_lock_or_not_live_is_as_unknown(client, harbour, field):
    root = harbour.site.root_page
    lock = PageViewRestriction.objects.create(page=root, restriction_type=PageViewRestriction.GROUPS)
    lock.groups.add(Group.objects.create(name="Crew"))
    query = f"{{ {field % harbour.site.hostname} }}"
    unknown = ask(client, f"{{ {field % 'nowhere.example.com'} }}")
    assert ask(client, query) == unknown
    lock.delete()
    Page.objects.filter(pk=root.pk).update(live=False)
    assert ask(client, query) == unknown


def test_a_name_that_two_sites_share_needs_the_port(client, harbour):
    Site.objects.create(hostname=harbour.site.hostname, port=8000, root_page=harbour.site.root_page)
    answer = ask(client, f"{{ {NAMED[0] % harbour.site.hostname} }}")
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert "port" in answer["errors"][0]["message"]
    assert named(client, "harbour.example.com:80") == {"program": {"slug": "harbour"}}
    assert named(client, "harbour.example.com:8000") == {"program": None}


def test_a_draft_of_another_site_is_not_there(client, harbour):
    type(harbour).objects.filter(pk=harbour.pk).update(status=ProgramStatus.DRAFT)
    assert named(client, harbour.site.hostname, NAMED[1]) == {"program": None}


def test_a_key_and_a_referrer_reach_no_further(client, harbour):
    many(harbour, 1)
    make_link(harbour)
    key = create_api_key(site_id=make_program(slug="third").site_id, name="Books", scopes=Scope.values)[1]
    query = f"{{ {NAMED[0] % 'harbour.example.com'} server {{ referrals {{ totalCount }} }} }}"
    assert data(client, query, bearer=key) == {
        "program": {"slug": "harbour"},
        "server": {"referrals": {"totalCount": 0}},
    }
    sale = """mutation { recordSale(input: {program: "harbour", externalId: "1", friendEmail: "f0@example.com",
      amount: "1", currency: "GBP"}) { errors { code path } } }"""
    assert data(client, sale, bearer=key)["recordSale"] == {"errors": [{"code": "NOT_FOUND", "path": ["program"]}]}
    sign_in(client, make_link(make_program(slug="fourth")))
    assert data(client, '{ viewer(program: "harbour") { firstName } }') == {"viewer": None}
