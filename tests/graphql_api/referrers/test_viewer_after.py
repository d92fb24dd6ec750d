"""What a referrer has changed stands in the viewer of the same answer, so that clients’ caches follow by themselves."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from strawberry.relay.utils import to_base64

from graphql_api.points.types import offer_id
from graphql_api.referrers.opened_groups import group_offer_id
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.rewards.offers import RuleInput
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.signed_in import sign_in
from tests.make import make_link, make_program
from tests.referral_blocks.flows.test_exchange_points import MUG, give
from tests.referral_blocks.flows.test_groups import GROUP_RULES, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(client):
    link = make_link(make_program(rules=GROUP_RULES))
    sign_in(client, link)
    return link


def consents(_referrer):
    given, shown = {"greeting": False}, {"consents": {"greeting": False, "leaderboard": False}}
    return "changeConsents", given, "consents { greeting leaderboard }", shown


def own_code(_referrer):
    return "createLink", {"code": "ROBIN-1"}, "link { code }", {"link": {"code": "ROBIN-1"}}


def group(referrer):
    given = {"offer": group_offer_id(make_offer(referrer.program))}
    return "openGroup", given, "groups { totalCount }", {"groups": {"totalCount": 1}}


def points(referrer):
    mug = set_reward_rule(program=referrer.program, given=RuleInput(**MUG))
    give(referrer, MUG["points_price"] + 7)
    given = {"offer": offer_id(mug), "exchangeId": uuid.uuid4().hex}
    shown = {"points": {"balance": 7}, "rewards": {"totalCount": 1}}
    return "exchangePoints", given, "points { balance } rewards { totalCount }", shown


def document(name, fields):
    kind = f"{name[0].upper()}{name[1:]}Input!"
    return f"mutation ($input: {kind}) {{ {name}(input: $input) {{ {fields} errors {{ code }} }} }}"


@pytest.mark.parametrize("case", [consents, own_code, group, points])
def test_the_answer_shows_the_viewer_as_they_are_now(client, link, case):
    name, given, fields, shown = case(link.referrer)
    asked = document(name, f"viewer {{ id email {fields} }}")
    me = {"id": to_base64("Referrer", link.referrer.public_id), "email": "referrer@example.com"}
    assert data(client, asked, {"input": given})[name] == {"viewer": {**me, **shown}, "errors": []}
    assert data(client, f"{{ viewer {{ id email {fields} }} }}") == {"viewer": {**me, **shown}}


def test_it_costs_nothing_where_nobody_asks(client, link):
    asked = ("consents { greeting }", "consents { greeting } viewer { id email firstName }")
    counts = []
    for fields in (asked[0], *asked):  # the first one writes
        with CaptureQueriesContext(connection) as queries:
            data(client, document("changeConsents", fields), {"input": {"greeting": False}})
        counts.append(len(queries))
    assert counts[1] == counts[2]


@pytest.mark.parametrize(
    ("name", "given"),
    [("createLink", {"code": "!"}), ("openGroup", {"offer": "x"}), ("claimReward", {"id": "x"}),
     ("exchangePoints", {"offer": "x", "exchangeId": "x"}), ("connectPayoutAccount", {"provider": "x"})],
)  # fmt: skip
def test_a_refusal_shows_nobody(client, link, name, given):
    answer = data(client, document(name, "viewer { id }"), {"input": given})[name]
    assert (answer["viewer"], len(answer["errors"])) == (None, 1)


def test_an_address_is_shown_to_who_has_opened_its_mail_and_to_nobody_else(client, link):
    assert data(client, "{ viewer { email } }") == {"viewer": {"email": "referrer@example.com"}}
    client.cookies.clear()
    assert data(client, "{ viewer { email } }") == {"viewer": None}
    sign_in(client, link, verified=False)  # typed it: nobody is told that it is known
    answer = ask(client, "{ viewer { email } }")
    assert (answer["data"], codes(answer)) == ({"viewer": {"email": None}}, ["UNVERIFIED"])
