"""The friends and rewards of one referrer, by the id of their record."""

import pytest
from strawberry.relay.utils import to_base64

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
REFERRALS = """query ($id: ID) { server { referrals(filter: {referrer: $id}) {
  totalCount edges { node { friend { email } } } } } }"""
REWARDS = """query ($id: ID) { server { rewards(filter: {referrer: $id}) {
  totalCount edges { node { side title } } } } }"""


@pytest.fixture
def links():
    """Each has a friend who has bought; the second one was brought by the first, and got what friends get."""
    program = make_program()
    first = make_link(program)
    make_referral(program, email="lee@example.com", link=first)
    second = make_link(program, email="lee@example.com", name="Lee Example")
    make_referral(program, email="max@example.com", link=second)
    for number, friend in enumerate(("lee", "max")):
        sale = {"source": "api", "external_id": str(number), "friend_email": f"{friend}@example.com"}
        record_sale(program=program, amount="50", currency="GBP", **sale)
    return first, second


def key_of(link, *scopes):
    return create_api_key(site_id=link.referrer.program.site_id, name="Desk", scopes=scopes)[1]


def id_of(link):
    return to_base64("ReferrerRecord", link.referrer.public_id)


def test_of_one_referrer(client, links):
    first, second = links
    key = key_of(first, Scope.REFERRALS_READ, Scope.REWARDS_READ)

    def found(link):
        given = {"id": id_of(link)}
        friends = data(client, REFERRALS, given, bearer=key)["server"]["referrals"]["edges"]
        rewards = data(client, REWARDS, given, bearer=key)["server"]["rewards"]["edges"]
        return [e["node"]["friend"]["email"] for e in friends], sorted(e["node"]["side"] for e in rewards)

    assert found(first) == (["lee@example.com"], ["REFERRER"])
    assert found(second) == (["max@example.com"], ["FRIEND", "REFERRER"])
    every = data(client, REWARDS, {"id": None}, bearer=key)["server"]["rewards"]["totalCount"]
    assert every == 4


def test_whose_a_reward_is_needs_the_scope_that_says_it(client, links):
    key = key_of(links[0], Scope.REWARDS_READ)
    answer = ask(client, REWARDS, {"id": id_of(links[0])}, bearer=key)
    assert (answer["data"], codes(answer)) == ({"server": {"rewards": None}}, ["FORBIDDEN"])


@pytest.mark.parametrize("name", ["Referrer", "RewardRecord"])
def test_an_id_of_something_else_is_said_to_be_wrong(client, links, name):
    key = key_of(links[0], Scope.REFERRALS_READ, Scope.REWARDS_READ)
    given = {"id": to_base64(name, links[0].referrer.public_id)}
    for query in (REFERRALS, REWARDS):
        (error,) = ask(client, query, given, bearer=key)["errors"]
        assert error["message"] == "This is not the id of a ReferrerRecord."
        assert (error["extensions"]["code"], error["extensions"]["path"]) == ("BAD_USER_INPUT", ["filter", "referrer"])
