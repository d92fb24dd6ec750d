"""The groups that a referrer has opened, and opening one."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from graphql_api.referrers.opened_groups import group_offer_id
from referral_blocks.groups.models import Group, GroupMember, GroupOffer
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.signed_in import refused_without_mailbox, sign_in
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.flows.test_groups import GROUP_RULES, joined, make_group, make_offer

pytestmark = pytest.mark.django_db
GROUPS = """{ viewer { groupOffers { id title size hours } groups { totalCount edges { node {
  id title state places placesTaken placesBought deadline createdAt url
  members { firstName hasBought joinedAt } } } } } }"""
OPEN = """mutation ($input: OpenGroupInput!) { openGroup(input: $input) {
  group { title state places placesTaken placesBought url members { firstName } } errors { code path } } }"""


def open_one(client, offer):
    return data(client, OPEN, {"input": {"offer": group_offer_id(offer)}})["openGroup"]


def test_a_referrer_opens_a_group_and_sees_who_joins(client):
    program = make_program(rules=GROUP_RULES)
    link, offer = make_link(program), make_offer(program)
    sign_in(client, link)
    assert data(client, GROUPS)["viewer"]["groupOffers"] == [
        {"id": group_offer_id(offer), "title": "Three together", "size": 3, "hours": 72}
    ]
    opened = open_one(client, offer)
    group = Group.objects.get()
    url = f"{program.site.root_url}/r/{link.code}/group/{group.public_id}/"
    assert opened == {
        "group": {
            "title": "Three together", "state": "OPEN", "places": 3, "placesTaken": 0, "placesBought": 0, "url": url,
            "members": [],
        },
        "errors": [],
    }  # fmt: skip
    joined(group, "kim")
    found = data(client, GROUPS)["viewer"]["groups"]
    (shown,) = [edge["node"] for edge in found["edges"]]
    assert (shown["placesTaken"], shown["placesBought"], shown["url"]) == (1, 0, url)
    assert [(m["firstName"], m["hasBought"]) for m in shown["members"]] == [("Kim", False)]
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        sign_in(client, link)
        assert data(client, GROUPS)["viewer"]["groups"]["edges"][0]["node"]["state"] == "EXPIRED"


def test_one_group_at_a_time(client):
    group = make_group()
    sign_in(client, group.opener.links.get())
    answer = open_one(client, group.offer)
    assert (answer["group"], [e["code"] for e in answer["errors"]]) == (None, ["TOO_MANY_GROUPS"])
    assert Group.objects.count() == 1


def test_another_programmes_offer_is_unknown(client):
    offer = make_offer(make_program(slug="other", rules=GROUP_RULES))
    sign_in(client, make_link(make_program(rules=GROUP_RULES)))
    unknown = {"group": None, "errors": [{"code": "NOT_FOUND", "path": ["offer"]}]}
    assert open_one(client, offer) == unknown
    for text in ("", "nonsense", "é", str(offer.pk)):
        assert data(client, OPEN, {"input": {"offer": text}})["openGroup"] == unknown
    assert Group.objects.count() == 0


def test_nobody_sees_anothers_groups_or_opens_one_without_the_mailbox(client):
    group = make_group()
    joined(group, "kim")
    link = group.opener.links.get()
    refused_without_mailbox(client, OPEN, {"offer": group_offer_id(group.offer)}, link)
    assert Group.objects.count() == 1
    sign_in(client, link, verified=False)
    answer = ask(client, GROUPS)
    assert (answer["data"]["viewer"], codes(answer)) == ({"groups": None, "groupOffers": None}, ["UNVERIFIED"] * 2)
    sign_in(client, make_link(group.offer.program, email="other@example.com"))
    assert data(client, GROUPS)["viewer"]["groups"] == {"totalCount": 0, "edges": []}


@pytest.mark.parametrize("number", [1, 10, 100])
def test_groups_cost_the_same_however_many(client, django_assert_num_queries, number):
    program = make_program(rules=GROUP_RULES)
    link, offer = make_link(program), make_offer(program)
    referral = make_referral(program, link=link)
    for _ in range(number):
        group = Group.objects.create(
            offer=offer, opener=link.referrer, size=3, deadline=timezone.now(), state="expired"
        )
        GroupMember.objects.create(group=group, offer=offer, referral=referral, place=1, active=False)
    sign_in(client, link)
    data(client, GROUPS)
    with django_assert_num_queries(6):
        edges = data(client, GROUPS)["viewer"]["groups"]["edges"]
    assert [len(edge["node"]["members"]) for edge in edges] == [1] * number
    assert GroupOffer.objects.count() == 1
