"""A referrer's points and statement, and what they exchange them for."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from graphql_api.points.statement import StatementKind
from graphql_api.points.types import offer_id
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.ledger.models import LedgerEntry
from referral_blocks.ledger.points import spendable
from referral_blocks.ledger.statement import WORDS
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.offers import RuleInput
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.signed_in import refused_without_mailbox, sign_in
from tests.make import make_link, make_program
from tests.referral_blocks.flows.test_exchange_points import MUG, give

pytestmark = pytest.mark.django_db
POINTS = """{ viewer { points {
  balance nextToExpire { points at }
  lots { totalCount edges { node { id points left createdAt expiresAt } } }
  history { totalCount edges { cursor node { kind message note amount { amountMinor } change { amountMinor }
    balance { amountMinor currency } } } }
  offers { id title value { amountMinor currency } price missing stock canExchange exchangeId }
} } }"""
EXCHANGE = """mutation ($input: ExchangePointsInput!) { exchangePoints(input: $input) {
  reward { title state code nextStep timeline { state } } points { balance }
  alreadyExchanged errors { code path } } }"""
STATEMENT = """query ($first: Int, $after: String, $last: Int, $before: String) { viewer {
  statement(first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { at kind message balance { amountMinor currency } } } } } }"""


def prepare(client, points=500, **rule):
    link = make_link(make_program(rules=()))
    offer = set_reward_rule(program=link.referrer.program, given=RuleInput(**{**MUG, **rule}))
    if points:
        give(link.referrer, points)
    sign_in(client, link)
    return link.referrer, offer


def exchange(client, **given):
    return data(client, EXCHANGE, {"input": given})["exchangePoints"]


def written():
    return LedgerEntry.objects.count(), Reward.objects.count()


def test_a_referrer_sees_what_they_have_and_what_it_buys(client):
    referrer, offer = prepare(client, points=250)
    soon = timezone.now() + timedelta(days=3)
    give(referrer, 50, expires_at=soon)
    points = data(client, POINTS)["viewer"]["points"]
    assert (points["balance"], points["nextToExpire"]) == (300, {"points": 50, "at": soon.isoformat()})
    assert points["lots"]["totalCount"] == 2
    assert [e["node"]["left"] for e in points["lots"]["edges"]] == [50, 250]
    assert [e["node"]["expiresAt"] for e in points["lots"]["edges"]] == [soon.isoformat(), None]
    (mug,) = points["offers"]
    assert len(mug.pop("exchangeId")) == 32
    assert mug == {
        "id": offer_id(offer), "title": "A mug", "value": {"amountMinor": 800, "currency": "GBP"}, "price": 300,
        "missing": 0, "stock": None, "canExchange": True,
    }  # fmt: skip
    history = points["history"]
    assert history["totalCount"] == 2
    assert [e["node"]["balance"]["amountMinor"] for e in history["edges"]] == [250, 300]


def test_what_costs_too_much_says_what_is_missing(client):
    prepare(client, points=120)
    (mug,) = data(client, POINTS)["viewer"]["points"]["offers"]
    assert (mug["missing"], mug["canExchange"]) == (180, False)


def test_an_exchange_that_is_sent_twice_is_done_once(client):
    referrer, _offer = prepare(client, points=700)
    (mug,) = data(client, POINTS)["viewer"]["points"]["offers"]
    given = {"offer": mug["id"], "exchangeId": mug["exchangeId"]}
    first = exchange(client, **given)
    assert first["reward"] == {
        "title": "A mug", "state": "PENDING", "code": None, "nextStep": None, "timeline": [{"state": "PENDING"}],
    }  # fmt: skip
    assert (first["points"], first["alreadyExchanged"], first["errors"]) == ({"balance": 400}, False, [])
    assert exchange(client, **given) == {**first, "alreadyExchanged": True}
    assert (spendable(program_id=referrer.program_id, person_id=referrer.person_id), Reward.objects.count()) == (400, 1)
    (again,) = data(client, POINTS)["viewer"]["points"]["offers"]
    assert again["exchangeId"] != mug["exchangeId"]
    used = data(client, POINTS)["viewer"]["points"]["history"]["edges"][-1]["node"]
    assert (used["kind"], used["message"], used["note"]) == ("POINTS_REDEEMED", "Points used", "A mug")
    assert (used["change"], used["balance"]) == ({"amountMinor": -300}, {"amountMinor": 400, "currency": "PTS"})


def test_one_a_person_is_not_offered_again(client):
    prepare(client, points=700, limit_per_person=1)
    (mug,) = data(client, POINTS)["viewer"]["points"]["offers"]
    exchange(client, offer=mug["id"], exchangeId=mug["exchangeId"])
    (again,) = data(client, POINTS)["viewer"]["points"]["offers"]
    assert (again["missing"], again["canExchange"]) == (0, False)
    refused = exchange(client, offer=again["id"], exchangeId=again["exchangeId"])
    assert (refused["reward"], refused["errors"]) == (None, [{"code": "OFFER_CLOSED", "path": ["offer"]}])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, {"code": "NOT_ENOUGH_POINTS", "path": ["points"]}),
        ({"exchangeId": "1"}, {"code": "INVALID", "path": ["exchangeId"]}),
        ({"offer": "nonsense"}, {"code": "NOT_FOUND", "path": ["offer"]}),
        ({"offer": "UG9pbnRzT2ZmZXI6MA=="}, {"code": "NOT_FOUND", "path": ["offer"]}),  # PointsOffer:0
        ({"offer": "UmV3YXJkOjE="}, {"code": "NOT_FOUND", "path": ["offer"]}),  # Reward:1
    ],
)
def test_what_cannot_be_exchanged_writes_nothing(client, given, error):
    _referrer, offer = prepare(client, points=10)
    before = written()
    answer = exchange(client, **{"offer": offer_id(offer), "exchangeId": str(uuid.uuid4()), **given})
    assert (answer["reward"], answer["points"], answer["errors"]) == (None, None, [error])
    assert written() == before


def test_another_programmes_offer_is_unknown(client):
    _referrer, offer = prepare(client)
    other = make_link(make_program(slug="other", rules=()))
    client.cookies.clear()
    sign_in(client, other)
    give(other.referrer, 500)
    before = written()
    answer = exchange(client, offer=offer_id(offer), exchangeId=str(uuid.uuid4()))
    assert answer["errors"] == [{"code": "NOT_FOUND", "path": ["offer"]}]
    assert written() == before


def test_without_the_mailbox_nothing_is_exchanged(client):
    referrer, offer = prepare(client)
    before = written()
    given = {"offer": offer_id(offer), "exchangeId": str(uuid.uuid4())}
    refused_without_mailbox(client, EXCHANGE, given, referrer.links.get())
    assert written() == before
    sign_in(client, referrer.links.get(), verified=False)
    answer = ask(client, POINTS)
    assert (answer["data"]["viewer"], codes(answer)) == ({"points": None}, ["UNVERIFIED"])


def test_another_referrer_sees_nothing_of_it(client):
    referrer, _offer = prepare(client)
    sign_in(client, make_link(referrer.program, email="other@example.com"))
    points = data(client, POINTS)["viewer"]["points"]
    assert (points["balance"], points["nextToExpire"]) == (0, None)
    assert (points["lots"]["edges"], points["history"]["edges"], points["history"]["totalCount"]) == ([], [], 0)
    assert data(client, STATEMENT)["viewer"]["statement"]["edges"] == []


@pytest.mark.parametrize("number", [1, 10, 100])
def test_points_cost_the_same_however_many(client, django_assert_num_queries, number):
    referrer, _offer = prepare(client, points=0)
    for n in range(number):
        give(referrer, 10)
        if n < 9:
            set_reward_rule(program=referrer.program, given=RuleInput(**{**MUG, "title": f"Mug {n}"}))
    data(client, POINTS)
    with django_assert_num_queries(12):
        points = data(client, POINTS)["viewer"]["points"]
    assert len(points["lots"]["edges"]) == len(points["history"]["edges"]) == number


def pages(client, **given):
    return data(client, STATEMENT, given)["viewer"]["statement"]


def balances(page):
    return [edge["node"]["balance"]["amountMinor"] for edge in page["edges"]]


def test_a_statement_comes_in_pages_from_either_end(client):
    referrer, _offer = prepare(client, points=0)
    for _ in range(5):
        give(referrer, 10)
    everything = pages(client)
    assert (everything["totalCount"], balances(everything)) == (5, [10, 20, 30, 40, 50])
    assert everything["pageInfo"]["hasNextPage"] is everything["pageInfo"]["hasPreviousPage"] is False
    first = pages(client, first=2)
    assert (balances(first), first["pageInfo"]["hasNextPage"]) == ([10, 20], True)
    second = pages(client, first=2, after=first["pageInfo"]["endCursor"])
    assert (balances(second), second["pageInfo"]["hasPreviousPage"]) == ([30, 40], True)
    last = pages(client, last=2)
    assert (balances(last), last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == (
        [40, 50],
        False,
        True,
    )
    middle = pages(client, last=2, before=last["pageInfo"]["startCursor"])
    assert (balances(middle), middle["pageInfo"]["hasNextPage"]) == ([20, 30], True)
    head = pages(client, last=2, before=middle["pageInfo"]["startCursor"])
    assert (balances(head), head["pageInfo"]["hasPreviousPage"], head["pageInfo"]["hasNextPage"]) == ([10], False, True)
    assert balances(pages(client, first=0)) == []


@pytest.mark.parametrize("number", [1, 10, 100])
def test_a_statement_costs_the_same_however_long(client, django_assert_num_queries, number):
    referrer, _offer = prepare(client, points=0)
    for _ in range(number):
        give(referrer, 10)
    pages(client)
    with django_assert_num_queries(6):
        assert len(pages(client)["edges"]) == number


@pytest.mark.parametrize(
    "page",
    [
        {"first": 101}, {"first": -1}, {"last": 0}, {"last": 101}, {"first": 1, "last": 1},
        {"before": "bGVkZ2VyZW50cnk6MQ=="},  # ledgerentry:1, without last
        {"after": "nonsense"}, {"after": "\ud800"},
        {"after": "bGVkZ2VyZW50cnk6LTE="},  # ledgerentry:-1
        {"after": "bGVkZ2VyZW50cnk6OTk5OTk5OTk5OTk5OTk5OTk5OTk="},  # ledgerentry:99999999999999999999
    ],
)  # fmt: skip
def test_a_page_that_makes_no_sense_is_refused(client, page):
    prepare(client)
    answer = ask(client, STATEMENT, page)
    assert (answer["data"]["viewer"]["statement"], codes(answer)) == (None, ["BAD_USER_INPUT"])


def test_every_kind_of_line_has_its_value():
    assert {kind.value for kind in StatementKind} == {*WORDS, "correction"}
