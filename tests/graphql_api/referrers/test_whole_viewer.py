"""All that a referrer's page shows, in one operation."""

import pytest

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.rewards.offers import RuleInput
from tests.graphql_api.ask import data
from tests.graphql_api.points.test_points import MUG, give
from tests.graphql_api.signed_in import sign_in
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
PAGE = """{ viewer {
  program { slug } link { code url } firstName consents { greeting leaderboard }
  links(first: 5) { totalCount edges { node { code visits } } }
  standing { visits friends qualified pending { formatted } nextMilestone { friendNumber missing title } }
  milestones { friendNumber title missing isReached }
  referrals(first: 50) { totalCount edges { node { id friendFirstName stage attributedAt } } }
  rewards(first: 50) { totalCount edges { node {
    id title state nextStep code friendFirstName value { formatted } pendingReasons { message until }
    timeline { state at } } } }
  points { balance nextToExpire { points at } offers { id title price missing exchangeId } }
  statement(last: 10) { totalCount edges { node { at message balance { formatted } } } }
  payoutAccounts { provider state missing }
  groupOffers { id title } groups(first: 5) { edges { node { title state members { firstName } } } }
} }"""


@pytest.mark.parametrize("number", [1, 10, 50])
def test_a_whole_page_costs_the_same_however_much_there_is(client, django_assert_num_queries, number):
    program = make_program()
    link = make_link(program)
    set_reward_rule(program=program, given=RuleInput(**MUG))
    for n in range(number):
        make_referral(program, email=f"friend{n}@example.com", link=link)
        sale = {"source": "test", "external_id": str(n), "friend_email": f"friend{n}@example.com"}
        record_sale(program=program, amount="50", currency="GBP", **sale)
        give(link.referrer, 5)
    sign_in(client, link)
    data(client, PAGE)
    with django_assert_num_queries(25):
        viewer = data(client, PAGE)["viewer"]
    assert (len(viewer["referrals"]["edges"]), len(viewer["rewards"]["edges"])) == (number, number)
    assert viewer["points"]["balance"] == 5 * number
