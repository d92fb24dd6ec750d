import base64

import pytest
import time_machine
from wagtail.models import Page, Site

from referral_blocks.groups.models import GroupMember
from referral_blocks.people.models import Person
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.models import Referral
from tests.graphql_api.ask import data
from tests.referral_blocks.flows.test_groups import buy, joined, make_group

pytestmark = pytest.mark.django_db

GROUP = """
query ($id: ID!) {
  group(id: $id) {
    id title state places placesTaken placesFree placesBought deadline program { slug } prizes { side title }
  }
}
"""
JOIN = """
mutation ($input: JoinGroupInput!) {
  joinGroup(input: $input) { group { placesTaken } errors { code path } }
}
"""
NEW = {"email": "kim@example.com", "name": "Kim", "acceptTerms": True}


def join(client, group, **given):
    return data(client, JOIN, {"input": {**NEW, "group": str(group.public_id), **given}})["joinGroup"]


def asked(client, group_id, **headers):
    return data(client, GROUP, {"id": str(group_id)}, **headers)["group"]


def test_a_group_is_told_in_numbers_and_by_either_id(client):
    with time_machine.travel("2026-11-02T10:00:00Z", tick=False):
        group = make_group(size=3)
        joined(group, "one", "two")
        buy(group, "one")
        shown = asked(client, group.public_id)
        assert shown == {
            "id": base64.b64encode(f"Group:{group.public_id}".encode()).decode(),
            "title": "Three together",
            "state": "OPEN",
            "places": 3,
            "placesTaken": 2,
            "placesFree": 1,
            "placesBought": 1,
            "deadline": "2026-11-05T10:00:00+00:00",
            "program": {"slug": "neighbours"},
            "prizes": [{"side": "REFERRER", "title": "Group prize"}, {"side": "FRIEND", "title": "Group price"}],
        }
        assert asked(client, shown["id"]) == shown


def test_a_group_is_full_complete_or_expired(client):
    group = make_group(size=1)
    joined(group, "one")
    assert asked(client, group.public_id)["state"] == "FULL"
    with time_machine.travel(group.deadline):
        assert asked(client, group.public_id)["state"] == "EXPIRED"
    buy(group, "one")
    assert asked(client, group.public_id)["state"] == "COMPLETE"


@pytest.mark.parametrize(
    "text", ["", "x", "1", "00000000-0000-0000-0000-000000000000", "UHJvZ3JhbTox", "\x00", "x" * 9_000]
)
def test_an_unknown_group_is_null_and_nobody_joins_it(client, text):
    make_group()
    assert asked(client, text) is None
    answer = data(client, JOIN, {"input": {**NEW, "group": text}})["joinGroup"]
    assert answer == {"group": None, "errors": [{"code": "NOT_FOUND", "path": ["group"]}]}
    assert not Person.objects.filter(email="kim@example.com").exists()


def test_groups_of_drafts_and_of_other_sites_are_null(client):
    group = make_group()
    program = group.offer.program
    program.status = ProgramStatus.DRAFT
    program.save()
    assert asked(client, group.public_id) is None
    other = Site.objects.create(hostname="other.example", root_page=Page.objects.get(depth=2))
    program.status, program.site = ProgramStatus.LIVE, other
    program.save()
    assert asked(client, group.public_id) is None
    assert asked(client, group.public_id, Host="other.example")["state"] == "OPEN"


def test_a_friend_joins(client):
    group = make_group()
    assert join(client, group) == {"group": {"placesTaken": 0}, "errors": []}
    referral = Referral.objects.get(friend__email="kim@example.com")
    assert (referral.referrer, GroupMember.objects.get().referral) == (group.opener, referral)
    assert asked(client, group.public_id)["placesTaken"] == 1


def test_who_cannot_join_is_told_the_same_as_who_does(client):
    group = make_group()
    good = join(client, group)
    own = join(client, group, email=group.opener.person.email)
    again = join(client, group)
    assert [good["errors"], own["errors"], again["errors"]] == [[], [], []]
    assert GroupMember.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"email": "x"}, "INVALID_EMAIL", ["email"]),
        ({"acceptTerms": False}, "TERMS_NOT_ACCEPTED", ["acceptTerms"]),
        ({"name": "www.example.com"}, "INVALID_NAME", ["name"]),
    ],
)
def test_refused_details_leave_nothing(client, given, code, path):
    group = make_group()
    before = Person.objects.count()
    assert join(client, group, **given) == {"group": None, "errors": [{"code": code, "path": path}]}
    assert (Person.objects.count(), GroupMember.objects.count()) == (before, 0)


def test_a_full_group_and_a_late_friend_are_refused(client):
    group = make_group(size=1)
    joined(group, "one")
    assert join(client, group)["errors"] == [{"code": "GROUP_FULL", "path": ["group"]}]
    with time_machine.travel(group.deadline):
        assert join(client, group)["errors"] == [{"code": "GROUP_CLOSED", "path": ["group"]}]
    assert not Person.objects.filter(email="kim@example.com").exists()


def test_too_many_tries_are_refused(client, settings):
    group = make_group(size=1)
    joined(group, "one")
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    answers = [join(client, group)["errors"][0]["code"] for _ in range(21)]
    assert answers == ["GROUP_FULL"] * 20 + ["RATE_LIMITED"]
