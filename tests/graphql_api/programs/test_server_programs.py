from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from strawberry.relay.utils import to_base64
from wagtail.models import Page, Site

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.programs.models import Phase, Program
from referral_blocks.programs.selectors import in_phases
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.test_staff import make_staff, sign_in
from tests.make import make_program

pytestmark = pytest.mark.django_db

LIST = """query ($f: ProgramFilter, $o: ProgramOrder! = BY_NAME, $n: Int) { server {
  programs(filter: $f, orderBy: $o, first: $n) { totalCount pageInfo { hasNextPage } edges { node { slug } } } } }"""
DAY = timedelta(days=1)


@pytest.fixture
def programs():
    """One in each phase there is, and two more whose dates say otherwise than their status; oldest first."""
    now = timezone.now()
    given = {
        "draft": {"status": "draft"},
        "live": {"status": "live"},
        "soon": {"status": "live", "starts_at": now + DAY, "ends_at": now + 9 * DAY},
        "paused": {"status": "paused", "starts_at": now + DAY},
        "ended": {"status": "ended", "ends_at": now + DAY},
        "over": {"status": "live", "starts_at": now - 9 * DAY, "ends_at": now - DAY},
        "turned": {"status": "live", "starts_at": now + DAY, "ends_at": now - DAY},  # no form lets it through
        "running": {"status": "live", "starts_at": now - DAY, "ends_at": now + DAY},
    }
    made = [make_program(slug=slug, name=f"Z {slug}", rules=(), **fields) for slug, fields in given.items()]
    for number, program in enumerate(made):
        Program.objects.filter(pk=program.pk).update(created_at=now - (99 - number) * DAY)
    return made


@pytest.fixture
def bearer(programs):
    return create_api_key(site_id=programs[0].site_id, name="Screen", scopes=[Scope.WEBHOOKS_READ])[1]


def slugs(client, order="BY_NAME", *, given=None, **only):
    answer = data(client, LIST, {"f": only, "o": order}, **(given or {}))["server"]["programs"]
    assert answer["totalCount"] == len(answer["edges"])
    return [edge["node"]["slug"] for edge in answer["edges"]]


def test_a_key_of_any_scope_finds_the_programmes_of_its_site_but_no_draft(client, programs, bearer):
    every = ["ended", "live", "over", "paused", "running", "soon", "turned"]
    site = Site.objects.create(hostname="other.example.com", root_page=Page.objects.get(depth=1))
    make_program(slug="elsewhere", site=site, rules=())
    given = {"bearer": bearer}
    assert slugs(client, given=given) == every
    oldest = ["live", "soon", "paused", "ended", "over", "turned", "running"]
    assert slugs(client, "OLDEST_FIRST", given=given) == oldest
    assert slugs(client, "NEWEST_FIRST", given=given) == oldest[::-1]
    page = data(client, LIST, {"n": 2}, bearer=bearer)["server"]["programs"]
    assert (page["totalCount"], page["pageInfo"], len(page["edges"])) == (7, {"hasNextPage": True}, 2)


def test_filters_narrow_the_list(client, programs, bearer):
    given = {"bearer": bearer}
    assert slugs(client, given=given, phases=["OPEN", "SCHEDULED"]) == ["live", "running", "soon"]
    assert slugs(client, given=given, phases=["ENDED"]) == ["ended", "over", "turned"]
    assert (slugs(client, given=given, phases=["DRAFT"]), slugs(client, given=given, phases=[])) == ([], [])
    assert (slugs(client, given=given, slug="soon"), slugs(client, given=given, slug="a\0b")) == (["soon"], [])


def test_a_phase_is_found_by_what_the_programme_says_of_itself(programs):
    for phase in Phase:
        found = set(Program.objects.filter(in_phases([phase])))
        assert found == {program for program in programs if program.phase == phase}, phase
    assert {program.phase for program in programs} == set(Phase)


def test_one_is_read_whole_and_found_again_by_its_id(client, programs, bearer):
    fields = "__typename id name slug currency phase isOpen startsAt endsAt timeZone createdAt"
    asked = f'{{ server {{ programs(filter: {{slug: "live"}}) {{ edges {{ node {{ {fields} }} }} }} }} }}'
    (edge,) = data(client, asked, bearer=bearer)["server"]["programs"]["edges"]
    program = Program.objects.get(slug="live")
    assert edge["node"] == {
        "__typename": "ProgramRecord", "id": to_base64("ProgramRecord", program.public_id), "name": "Z live",
        "slug": "live", "currency": "GBP", "phase": "OPEN", "isOpen": True, "startsAt": None, "endsAt": None,
        "timeZone": program.time_zone, "createdAt": program.created_at.isoformat(),
    }  # fmt: skip
    again = f"query ($id: ID!) {{ node(id: $id) {{ ... on ProgramRecord {{ {fields} }} }} }}"
    assert data(client, again, {"id": edge["node"]["id"]}, bearer=bearer) == {"node": edge["node"]}
    for key in ("", create_api_key(site_id=_other().pk, name="Other", scopes=Scope.values)[1]):
        assert data(Client(), again, {"id": edge["node"]["id"]}, bearer=key) == {"node": None}
    draft = to_base64("ProgramRecord", programs[0].public_id)
    assert data(client, again, {"id": draft}, bearer=bearer) == {"node": None}


def _other():
    return Site.objects.create(hostname="other.example.com", root_page=Page.objects.get(depth=1))


@pytest.mark.parametrize("right", ["view_program", "change_program"])
def test_staff_who_see_programmes_in_the_admin_see_drafts_too(programs, right):
    browser = Client(enforce_csrf_checks=True)
    given = sign_in(browser, make_staff(right))
    assert slugs(browser, given=given, phases=["DRAFT", "PAUSED"]) == ["draft", "paused"]
    node = "query ($id: ID!) { node(id: $id) { ... on ProgramRecord { slug } } }"
    draft = to_base64("ProgramRecord", programs[0].public_id)
    assert data(browser, node, {"id": draft}, **given) == {"node": {"slug": "draft"}}


def test_staff_without_that_right_are_refused(programs):
    browser = Client(enforce_csrf_checks=True)
    given = sign_in(browser, make_staff("view_sale"))
    answer = ask(browser, LIST, **given)
    assert (answer["data"], codes(answer)) == ({"server": {"programs": None}}, ["FORBIDDEN"])
    node = "query ($id: ID!) { node(id: $id) { __typename } }"
    assert data(browser, node, {"id": to_base64("ProgramRecord", programs[1].public_id)}, **given) == {"node": None}
