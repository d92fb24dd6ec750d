from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, Site

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key, revoke_api_key
from referral_blocks.ledger.models import LedgerEntry
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale
from tests.graphql_api.ask import ask, bearer_of, codes, data
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

RECORD = """
mutation ($input: RecordSaleInput!) {
  recordSale(input: $input) {
    sale { id externalId amount { amountMinor currency } occurredAt }
    rewards { side title state value { amountMinor } }
    alreadyRecorded
    errors { code path message }
  }
}
"""
ORDER = {
    "program": "neighbours",
    "externalId": "A-1",
    "friendEmail": "friend@example.com",
    "amount": "149.00",
    "currency": "GBP",
}
REWARDS = [
    {"side": "REFERRER", "title": "£20 gift", "state": "PENDING", "value": {"amountMinor": 2000}},
    {"side": "FRIEND", "title": "£10 off", "state": "PENDING", "value": {"amountMinor": 1000}},
]


@pytest.fixture
def program():
    program = make_program()
    make_referral(program)
    return program


@pytest.fixture
def key(program):
    return create_api_key(site_id=program.site_id, name="Till")[1]


def nothing_written():
    return not (Sale.objects.exists() or Reward.objects.exists() or LedgerEntry.objects.exists()) and (
        Referral.objects.get().stage == "captured"
    )


def record(client, key, **given):
    return data(client, RECORD, {"input": {**ORDER, **given}}, bearer=key)["recordSale"]


def test_a_sale_is_recorded_and_both_sides_are_promised_their_rewards(client, key):
    when = (timezone.now() - timedelta(hours=1)).replace(microsecond=0)
    payload = record(client, key, occurredAt=when.isoformat().replace("+00:00", "Z"))
    sale = payload["sale"]
    assert (sale["externalId"], sale["amount"]) == ("A-1", {"amountMinor": 14900, "currency": "GBP"})
    assert sale["occurredAt"] == when.isoformat()
    assert (payload["rewards"], payload["alreadyRecorded"], payload["errors"]) == (REWARDS, False, [])
    assert (Sale.objects.get().source, Referral.objects.get().stage) == ("api", "qualified")


def test_a_second_delivery_writes_nothing_and_returns_the_first_result(client, key):
    first, second = record(client, key), record(client, key)
    assert (first["alreadyRecorded"], second["alreadyRecorded"]) == (False, True)
    assert (second["sale"], second["rewards"]) == (first["sale"], first["rewards"])
    assert (Sale.objects.count(), Reward.objects.count()) == (1, 2)


@pytest.mark.parametrize("changed", [{"amount": "148.00"}, {"friendEmail": "second@example.com"}])
def test_the_same_id_with_other_content_is_a_conflict(client, key, program, changed):
    make_referral(program, email="second@example.com")
    record(client, key)
    payload = record(client, key, **changed)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("CONFLICT", ["externalId"])]
    assert (payload["sale"], payload["rewards"], payload["alreadyRecorded"]) == (None, [], False)
    assert (Sale.objects.get().amount_minor, Reward.objects.count()) == (14900, 2)


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"friendEmail": "friend"}, "INVALID_EMAIL", ["friendEmail"]),
        ({"friendEmail": "nobody@example.com"}, "NO_REFERRAL", ["friendEmail"]),
        ({"friendEmail": "f\x00@example.com"}, "INVALID_TEXT", ["friendEmail"]),
        ({"currency": "XXY"}, "INVALID_CURRENCY", ["currency"]),
        ({"currency": "\x00"}, "INVALID_CURRENCY", ["currency"]),
        ({"currency": "EUR"}, "CURRENCY_MISMATCH", ["currency"]),
        ({"amount": "0"}, "INVALID_AMOUNT", ["amount"]),
        ({"amount": "-1"}, "INVALID_AMOUNT", ["amount"]),
        ({"amount": "NaN"}, "INVALID_AMOUNT", ["amount"]),
        ({"amount": "Infinity"}, "INVALID_AMOUNT", ["amount"]),
        ({"amount": "1e999999"}, "INVALID_AMOUNT", ["amount"]),
        ({"amount": "9" * 10_000}, "INVALID_AMOUNT", ["amount"]),
        ({"amount": "1\x00"}, "INVALID_AMOUNT", ["amount"]),
        ({"amount": "1.999"}, "TOO_MANY_DECIMALS", ["amount"]),
        ({"externalId": ""}, "REQUIRED", ["externalId"]),
        ({"externalId": "A\x001"}, "INVALID_TEXT", ["externalId"]),
        ({"externalId": "A" * 10_000}, "TOO_LONG", ["externalId"]),
        ({"occurredAt": "2999-01-01T00:00:00Z"}, "IN_FUTURE", ["occurredAt"]),
        ({"program": "nothing"}, "NOT_FOUND", ["program"]),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(client, key, given, code, path):
    payload = record(client, key, **given)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]
    assert payload["errors"][0]["message"]
    assert (payload["sale"], payload["rewards"]) == (None, [])
    assert nothing_written()


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", 5, ""])
def test_a_malformed_moment_is_refused_before_anything_runs(client, key, moment):
    answer = ask(client, RECORD, {"input": {**ORDER, "occurredAt": moment}}, bearer=key)
    assert ("data" in answer, codes(answer)) == (False, ["BAD_REQUEST"])
    assert nothing_written()


@pytest.mark.parametrize("bearer", ["", "rb_nonsense", "rb_" + "x" * 10_000, "nonsense"])
def test_without_a_valid_key_nothing_is_written(client, program, bearer):
    answer = ask(client, RECORD, {"input": ORDER}, bearer=bearer)
    assert (answer["data"], codes(answer)) == ({"recordSale": None}, ["UNAUTHENTICATED"])
    assert nothing_written()


def test_a_referrers_session_is_no_key(client, program):
    bearer = bearer_of(Referral.objects.get().referrer)
    assert codes(ask(client, RECORD, {"input": ORDER}, bearer=bearer)) == ["UNAUTHENTICATED"]
    assert nothing_written()


def test_a_revoked_key_is_refused(client, program):
    row, text = create_api_key(site_id=program.site_id, name="Old till")
    revoke_api_key(key=row)
    assert codes(ask(client, RECORD, {"input": ORDER}, bearer=text)) == ["UNAUTHENTICATED"]
    assert nothing_written()


def test_a_key_without_the_scope_is_refused(client, program):
    _row, text = create_api_key(site_id=program.site_id, name="Reader", scopes=())
    assert codes(ask(client, RECORD, {"input": ORDER}, bearer=text)) == ["FORBIDDEN"]
    assert nothing_written()


def test_a_key_of_another_site_is_refused(client, program):
    other = Site.objects.create(hostname="other.example", root_page=Page.objects.get(depth=2))
    _row, text = create_api_key(site_id=other.pk, name="Other till")
    assert codes(ask(client, RECORD, {"input": ORDER}, bearer=text)) == ["FORBIDDEN"]
    own = ask(client, RECORD, {"input": ORDER}, bearer=text, Host="other.example")["data"]["recordSale"]
    assert [error["code"] for error in own["errors"]] == ["NOT_FOUND"]
    assert nothing_written()


def test_what_a_sale_earned_can_be_cancelled_by_its_id(client, program):
    """A till that takes a purchase back by itself need not look for the reward in a list."""
    key = create_api_key(site_id=program.site_id, name="Till", scopes=["sales:write", "rewards:write"])[1]
    recorded = data(
        client,
        "mutation ($input: RecordSaleInput!) { recordSale(input: $input) { rewards { rewardId side } } }",
        {"input": ORDER},
        bearer=key,
    )["recordSale"]["rewards"]
    void = "mutation ($input: VoidRewardInput!) { voidReward(input: $input) { reward { rewardId side } } }"
    for reward in recorded:
        given = {"id": reward["rewardId"], "note": "Taken back at the till."}
        assert data(client, void, {"input": given}, bearer=key)["voidReward"]["reward"] == reward
    assert set(Reward.objects.values_list("state", flat=True)) == {"void"}


def test_what_it_earned_comes_whole_in_as_many_queries_for_ten_rewards_as_for_one(client):
    asked = """mutation ($input: RecordSaleInput!) { recordSale(input: $input) { rewards { rewardId state record {
      id state method createdAt program { slug } person { email } pendingReasons { reason } steps { toState }
      referral { stage referrer { person { email } } } sale { externalId } } } errors { code } } }"""
    counts = []
    for number in (1, 10):
        rules = tuple({"side": "referrer", "title": f"£{n}", "amount_minor": 100 + n} for n in range(number))
        program = make_program(slug=f"p{number}", rules=rules)
        make_referral(program)
        key = create_api_key(site_id=program.site_id, name="Till", scopes=Scope.values)[1]
        given = {"input": {**ORDER, "program": f"p{number}"}}
        first = data(client, asked, given, bearer=key)["recordSale"]
        assert [reward["record"]["id"] for reward in first["rewards"]] == [one["rewardId"] for one in first["rewards"]]
        assert {reward["record"]["sale"]["externalId"] for reward in first["rewards"]} == {"A-1"}
        assert len(first["rewards"]) == number
        with CaptureQueriesContext(connection) as queries:  # of the second delivery, which writes nothing
            assert data(client, asked, given, bearer=key)["recordSale"] == first
        counts.append(len(queries))
    assert counts[0] == counts[1]
