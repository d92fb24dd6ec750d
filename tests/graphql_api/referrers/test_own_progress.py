"""A referrer's progress: milestones, friends by stage and order, and consents."""

import pytest

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.signed_in import refused_without_mailbox, sign_in
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
LADDER = (
    {"side": "referrer", "title": "£5", "amount_minor": 500},
    {"side": "referrer", "title": "A mug", "amount_minor": 800, "friend_from": 2, "friend_to": 2},
    {"side": "referrer", "title": "A coat", "amount_minor": 9000, "friend_from": 5, "friend_to": 5},
)
PROGRESS = """{ viewer {
  standing { qualified nextMilestone { friendNumber missing title isReached } }
  milestones { friendNumber title missing isReached } } }"""
FRIENDS = """query ($filter: ViewerReferralFilter, $orderBy: ViewerReferralOrder! = NEWEST_FIRST) { viewer {
  referrals(filter: $filter, orderBy: $orderBy) { totalCount edges { node { friendFirstName stage } } } } }"""
CONSENTS = "{ viewer { consents { greeting leaderboard } } }"
CHANGE = """mutation ($input: ChangeConsentsInput!) { changeConsents(input: $input) {
  consents { greeting leaderboard } errors { code path } } }"""


def sell(program, number):
    referral = make_referral(program, email=f"friend{number}@example.com")
    sale = {"source": "test", "external_id": str(number), "friend_email": f"friend{number}@example.com"}
    record_sale(program=program, amount="50", currency="GBP", **sale)
    Referral.objects.filter(pk=referral.pk).update(friend_name=f"F{number}")


def friends(client, **given):
    found = data(client, FRIENDS, given)["viewer"]["referrals"]
    return found["totalCount"], [edge["node"]["friendFirstName"] for edge in found["edges"]]


def test_milestones_are_reached_and_to_come(client):
    program = make_program(rules=LADDER)
    link = make_link(program)
    for number in range(2):
        sell(program, number)
    sign_in(client, link)
    viewer = data(client, PROGRESS)["viewer"]
    coat = {"friendNumber": 5, "title": "A coat", "missing": 3, "isReached": False}
    assert viewer["standing"] == {"qualified": 2, "nextMilestone": coat}
    assert viewer["milestones"] == [
        {"friendNumber": 1, "title": "£5", "missing": 0, "isReached": True},
        {"friendNumber": 2, "title": "A mug", "missing": 0, "isReached": True},
        coat,
    ]


def test_where_every_friend_brings_the_same_there_is_no_milestone(client):
    sign_in(client, make_link(make_program()))
    viewer = data(client, PROGRESS)["viewer"]
    first = {"friendNumber": 1, "title": "£20 gift", "missing": 1, "isReached": False}
    assert (viewer["milestones"], viewer["standing"]["nextMilestone"]) == ([], first)


@pytest.mark.parametrize("number", [1, 10, 100])
def test_milestones_cost_the_same_however_many(client, django_assert_num_queries, number):
    rules = [{**LADDER[1], "friend_from": n + 2, "friend_to": n + 2} for n in range(number)]
    sign_in(client, make_link(make_program(rules=tuple(rules))))
    data(client, PROGRESS)
    with django_assert_num_queries(7):
        assert len(data(client, PROGRESS)["viewer"]["milestones"]) == number


def test_friends_are_chosen_and_ordered(client):
    program = make_program()
    link = make_link(program)
    for number in (1, 2):
        sell(program, number)
    make_referral(program, email="late@example.com")
    sign_in(client, link)
    assert friends(client) == (3, ["Kim", "F2", "F1"])
    assert friends(client, orderBy="OLDEST_FIRST") == (3, ["F1", "F2", "Kim"])
    assert friends(client, orderBy="LAST_QUALIFIED_FIRST") == (3, ["F2", "F1", "Kim"])
    assert friends(client, filter={"stages": ["QUALIFIED"]}) == (2, ["F2", "F1"])
    assert friends(client, filter={"stages": ["CAPTURED", "EXPIRED"]}) == (1, ["Kim"])
    assert friends(client, filter={"stages": []}) == (0, [])
    assert friends(client, filter={}) == friends(client, filter=None)


def test_consents_are_changed_one_by_one(client):
    link = make_link(make_program())
    sign_in(client, link)
    assert data(client, CONSENTS)["viewer"]["consents"] == {"greeting": True, "leaderboard": False}
    answer = data(client, CHANGE, {"input": {"leaderboard": True}})["changeConsents"]
    assert answer == {"consents": {"greeting": True, "leaderboard": True}, "errors": []}
    data(client, CHANGE, {"input": {"greeting": False}})
    assert data(client, CONSENTS)["viewer"]["consents"] == {"greeting": False, "leaderboard": True}
    link.refresh_from_db()
    assert link.greeting_name == ""


def test_without_the_mailbox_no_consent_is_changed_or_shown(client):
    link = make_link(make_program())
    refused_without_mailbox(client, CHANGE, {"leaderboard": True}, link)
    assert Referrer.objects.values_list("greeting_consent", "leaderboard_consent").get() == (True, False)
    sign_in(client, link, verified=False)
    for query, hidden in ((CONSENTS, {"consents": None}), (PROGRESS, {"standing": None, "milestones": None})):
        answer = ask(client, query)
        assert (answer["data"]["viewer"], set(codes(answer))) == (hidden, {"UNVERIFIED"})
