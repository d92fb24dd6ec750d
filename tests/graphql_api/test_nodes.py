"""node and nodes: each type by its global id, to whom its lists show it and to nobody else."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from strawberry import relay
from strawberry.relay.utils import to_base64
from strawberry_django.utils.typing import get_django_definition
from wagtail.models import Page, Site

from graphql_api.access.scopes import Record
from graphql_api.schema import schema
from graphql_api.signed_in import Own
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.groups.models import Group
from referral_blocks.ledger.points import add_points
from referral_blocks.links.models import ReferralLink
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.models import Referral
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.many import clear, many
from tests.graphql_api.signed_in import sign_in
from tests.graphql_api.test_staff import make_staff
from tests.graphql_api.test_staff import sign_in as enter
from tests.make import make_link, make_program, make_referral
from tests.make_pages import make_landing_page
from tests.referral_blocks.flows.test_groups import make_group, make_offer

pytestmark = pytest.mark.django_db

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
KINDS = {
    name: found.definition.origin
    for name, found in schema.schema_converter.type_map.items()
    if isinstance(getattr(found.definition, "origin", None), type)
    and issubclass(found.definition.origin, relay.Node)
    and not found.definition.is_interface
}
RECORDS = sorted(name for name, kind in KINDS.items() if issubclass(kind, Record))
OWN = sorted(name for name, kind in KINDS.items() if issubclass(kind, Own))
PUBLIC = ["Group", "Page", "Program"]
LISTED = ["ProgramRecord"]
SELVES = ["Referrer"]


def key_of(row):
    return str(getattr(row, "public_id", row.pk))


def id_of(name, row):
    return to_base64(name, key_of(row))


def row_of(name):
    return get_django_definition(KINDS[name]).model.objects.order_by("pk").first()


def shown(client, global_id, **given):
    return data(client, NODE, {"id": global_id}, **given)["node"]


def test_every_type_with_a_global_id_is_asked_for_here():
    assert {*RECORDS, *OWN, *PUBLIC, *LISTED, *SELVES} == set(KINDS)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_given_to_whoever_may_list_it(client, name):
    kind, program = KINDS[name], make_program()
    many(program, 1)
    key = create_api_key(site_id=program.site_id, name="Books", scopes=[kind.scope])[1]
    endpoint = WebhookEndpoint.objects.create(site_id=program.site_id, url="https://example.com/", secret=b"x")
    WebhookDelivery.objects.create(endpoint=endpoint, message_id="1", kind="sale", give_up_at=timezone.now())
    global_id = id_of(name, row_of(name))
    node = {"__typename": name, "id": global_id}
    assert shown(client, global_id, bearer=key) == node
    assert data(client, NODES, {"ids": [global_id, global_id]}, bearer=key) == {"nodes": [node, node]}

    others = create_api_key(site_id=program.site_id, name="Till", scopes=set(Scope) - {kind.scope})[1]
    site = Site.objects.create(hostname="other.example.com", root_page=Page.objects.get(depth=1))
    foreign = create_api_key(site_id=site.pk, name="Other", scopes=Scope.values)[1]
    assert shown(client, global_id) is None
    assert shown(client, global_id, bearer=others) is None
    assert shown(client, global_id, bearer=foreign) is None
    assert shown(client, global_id, bearer=foreign, Host="other.example.com") is None

    browser = Client(enforce_csrf_checks=True)
    assert shown(browser, global_id, **enter(browser, make_staff())) is None
    assert shown(browser, global_id, **enter(browser, make_staff(username="lee", is_superuser=True))) == node
    link = make_link(program, email="someone@example.com")
    sign_in(client, link)
    assert shown(client, global_id) is None


@pytest.fixture
def link():
    rule = {"side": "referrer", "title": "Gift", "amount_minor": 100, "trigger": "sign_up"}
    program = make_program(rules=(rule,))
    link = make_link(program)
    make_referral(program, link=link)
    add_points(key="1", program_id=program.pk, person_id=link.referrer.person_id, points=5)
    Group.objects.create(offer=make_offer(program), opener=link.referrer, size=3, deadline="2030-01-01T00:00:00Z")
    return link


@pytest.mark.parametrize("name", OWN)
def test_what_is_a_referrers_own_is_given_to_nobody_else(client, link, name):
    global_id = id_of(name, row_of(name))
    assert shown(client, global_id) is None
    sign_in(client, link, verified=False)
    assert shown(client, global_id) is None
    sign_in(client, link)
    assert shown(client, global_id) == {"__typename": name, "id": global_id}
    client.cookies.clear()
    sign_in(client, make_link(link.referrer.program, email="other@example.com"))
    assert shown(client, global_id) is None
    key = create_api_key(site_id=link.referrer.program.site_id, name="Books", scopes=Scope.values)[1]
    assert shown(Client(), global_id, bearer=key) is None


def test_a_viewer_is_given_to_themselves_alone(client, link):
    global_id = id_of("Referrer", link.referrer)
    query = "query ($id: ID!) { node(id: $id) { ... on Referrer { id link { code } firstName } } viewer { id } }"
    other = make_link(link.referrer.program, email="other@example.com")
    assert shown(client, global_id) is None
    sign_in(client, other)
    assert shown(client, global_id) is None
    key = create_api_key(site_id=link.referrer.program.site_id, name="Books", scopes=Scope.values)[1]
    assert shown(Client(), global_id, bearer=key) is None
    client.cookies.clear()
    sign_in(client, link)
    own = {"id": global_id, "link": {"code": link.code}, "firstName": "Robin"}
    assert data(client, query, {"id": global_id}) == {"node": own, "viewer": {"id": global_id}}
    assert shown(client, to_base64("Referrer", "x")) is None
    client.cookies.clear()
    sign_in(client, link, verified=False)  # no more of them than viewer tells
    answer = ask(client, query, {"id": global_id})
    assert answer["data"]["node"]["firstName"] is None
    assert codes(answer) == ["UNVERIFIED"]


def test_points_that_are_gone_are_not_there_as_in_the_list(client, link):
    lot = row_of("PointsLot")
    type(lot).objects.update(left=0)
    sign_in(client, link)
    assert shown(client, id_of("PointsLot", lot)) is None


def test_an_own_group_comes_with_all_its_fields(client, link):
    sign_in(client, link)
    query = """query ($id: ID!) { node(id: $id) { ... on ViewerGroup {
      title state places placesTaken placesBought url members { firstName } } } }"""
    group = data(client, query, {"id": id_of("ViewerGroup", row_of("ViewerGroup"))})["node"]
    assert (group["placesTaken"], group["placesBought"], group["members"]) == (0, 0, [])


def test_what_is_public_is_given_to_everybody_unless_it_is_elsewhere(client):
    group = make_group(size=3)
    program = group.offer.program
    page = make_landing_page(program)
    ids = [id_of("Group", group), to_base64("Page", page.pk), id_of("Program", program)]
    assert [node["__typename"] for node in data(client, NODES, {"ids": ids})["nodes"]] == PUBLIC
    Site.objects.create(hostname="other.example.com", root_page=Page.objects.get(depth=1).add_child(title="Other"))
    elsewhere = data(client, NODES, {"ids": ids}, Host="other.example.com")
    assert elsewhere == {"nodes": [None, None, None]}


def test_a_draft_is_not_there(client):
    program = make_program(status=ProgramStatus.DRAFT)
    assert shown(client, id_of("Program", program)) is None


@pytest.mark.parametrize(
    "global_id",
    ["", "x", "U2FsZTox", to_base64("Sale", "x"), to_base64("Nothing", 1), to_base64("ApiKey", 10**30),
     to_base64("Query", 1), to_base64("Node", 1), to_base64("PointsLot", "-1"), to_base64("Page", "²"),
     to_base64("Program", "00000000-0000-0000-0000-000000000000"), to_base64("Money", 1), to_base64("Group", "\0")],
)  # fmt: skip
def test_what_names_nothing_is_null_like_what_is_not_yours(client, global_id):
    key = create_api_key(site_id=make_program().site_id, name="Books", scopes=Scope.values)[1]
    assert shown(client, global_id) is None
    assert data(client, NODES, {"ids": [global_id]}, bearer=key) == {"nodes": [None]}


def test_a_bearer_that_does_not_hold_is_said_to_be_so_whatever_is_asked_for(client, link):
    for global_id in (id_of("ViewerLink", link), to_base64("ViewerLink", 99), to_base64("Sale", 99)):
        for bearer in ("rb_wrong", "wrong"):
            if global_id.startswith("Vm") and bearer.startswith("rb_"):
                continue  # no referrer’s token, and nobody’s rows
            answer = ask(client, NODE, {"id": global_id}, bearer=bearer)
            assert (answer["data"], codes(answer)) == ({"node": None}, ["UNAUTHENTICATED"])


def test_what_hangs_on_a_node_needs_its_own_scope(client):
    program = make_program()
    many(program, 1)
    key = create_api_key(site_id=program.site_id, name="Books", scopes=[Scope.REWARDS_READ])[1]
    query = "query ($id: ID!) { node(id: $id) { ... on RewardRecord { title person { email } } } }"
    answer = ask(client, query, {"id": id_of("RewardRecord", row_of("RewardRecord"))}, bearer=key)
    assert codes(answer) == ["FORBIDDEN"]
    assert "@example.com" not in str(answer)


def test_other_types_over_the_same_table_do_not_stand_in_the_way(client, link):
    sign_in(client, link)
    query = """query ($id: ID!) { node(id: $id) {
      ... on Reward { title } ... on RewardRecord { person { email } referral { friend { email } } } } }"""
    assert data(client, query, {"id": id_of("Reward", row_of("Reward"))}) == {"node": {"title": "Gift"}}


def test_as_many_queries_for_a_hundred_as_for_one(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_MAX_COST": 10**7}
    program = make_program()
    key = create_api_key(site_id=program.site_id, name="Books", scopes=Scope.values)[1]
    data(client, "{ __typename }", bearer=key)  # the key’s last use is written once a minute
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { id
      ... on ReferralRecord { program { slug } friend { email }
        referrer { person { name } links { edges { node { code } } } }
        rewards(first: 2) { edges { node { title } } } }
      ... on PayoutRecord { amount { amountMinor } items { edges { node { reward { title } } } } } } }"""
    counts = []
    for count in (1, 10, 50):
        clear()
        many(program, count)
        rows = [*(id_of("ReferralRecord", row) for row in Referral.objects.all())]
        rows += [id_of("PayoutRecord", row) for row in get_django_definition(KINDS["PayoutRecord"]).model.objects.all()]
        with CaptureQueriesContext(connection) as queries:
            nodes = data(client, query, {"ids": rows}, bearer=key)["nodes"]
        assert [node["id"] for node in nodes] == rows
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


def test_at_most_a_hundred_at_once_and_each_is_counted(client):
    answer = ask(client, NODES, {"ids": ["x"] * 101})
    assert codes(answer) == ["BAD_USER_INPUT"]
    few, more = (ask(client, NODES, {"ids": ["x"] * count})["extensions"]["cost"]["requested"] for count in (1, 100))
    assert (few, more) == (2, 101)


def test_a_list_in_a_node_is_no_way_to_another_referrers_rows(client, link):
    sign_in(client, make_link(link.referrer.program, email="other@example.com"))
    ids = [id_of("ViewerLink", row) for row in ReferralLink.objects.order_by("pk")]
    assert [node and node["id"] for node in data(client, NODES, {"ids": ids})["nodes"]] == [None, ids[1]]
