import pytest
from strawberry import relay

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.payouts.models import Payout
from referral_blocks.rewards.models import Reward
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

APPROVE = """mutation ($input: ApproveRewardInput!) { approveReward(input: $input) {
  reward { rewardId side state value { amountMinor } } alreadyApproved errors { code path } } }"""
VOID = """mutation ($input: VoidRewardInput!) { voidReward(input: $input) {
  reward { side state } alreadyVoid errors { code path } } }"""


@pytest.fixture
def reward():
    """It waits for an approval only."""
    rule = {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "hold_days": 0}
    program = make_referral(make_program(rules=(rule,))).program
    sale = {"source": "api", "external_id": "A-1", "friend_email": "friend@example.com"}
    return record_sale(program=program, amount="100", currency="GBP", **sale).rewards[0]


def key_of(reward, *scopes):
    return create_api_key(site_id=reward.program.site_id, name="Desk", scopes=scopes)


def id_of(reward):
    return relay.to_base64("RewardRecord", reward.public_id)


def test_a_key_approves_once_and_is_named(client, reward):
    key, text = key_of(reward, Scope.REWARDS_WRITE)
    given = {"input": {"id": id_of(reward)}}
    first = data(client, APPROVE, given, bearer=text)["approveReward"]
    assert first == {
        "reward": {"rewardId": id_of(reward), "side": "REFERRER", "state": "RESERVED", "value": {"amountMinor": 2000}},
        "alreadyApproved": False,
        "errors": [],
    }
    assert data(client, APPROVE, given, bearer=text)["approveReward"] == {**first, "alreadyApproved": True}
    payout = Payout.objects.get()
    assert (payout.state, payout.confirmed_by) == ("confirmed", None)
    agents = set(reward.changes.filter(to_state__in=["approved", "reserved"]).values_list("agent", flat=True))
    assert agents == {f"Desk ({key.prefix}…)"}
    refused = data(client, VOID, {"input": {"id": id_of(reward), "note": "No"}}, bearer=text)["voidReward"]
    assert (refused["reward"], refused["errors"]) == (None, [{"code": "WRONG_STATE", "path": []}])


def test_what_changed_comes_whole_to_a_key_that_reads_rewards(client, reward):
    """So that a client that keeps the list of rewards has the new state in it at once."""
    asked = """mutation ($input: ApproveRewardInput!) { approveReward(input: $input) { reward {
      state record { id state pendingReasons { reason } steps { toState } program { slug } sale { id } } } } }"""
    given = {"input": {"id": id_of(reward)}}
    _key, blind = key_of(reward, Scope.REWARDS_WRITE)
    refused = ask(client, asked.replace("sale { id }", ""), {"input": {"id": id_of(reward)}}, bearer=blind)
    assert codes(refused) == ["FORBIDDEN"]
    assert refused["data"]["approveReward"]["reward"] == {"state": "RESERVED", "record": None}
    _key, text = key_of(reward, Scope.REWARDS_WRITE, Scope.REWARDS_READ, Scope.SALES_READ)
    record = data(client, asked, given, bearer=text)["approveReward"]["reward"]["record"]
    assert record == {
        "id": id_of(reward), "state": "RESERVED", "pendingReasons": [],
        "steps": [{"toState": step.to_state} for step in reward.changes.order_by("pk")],
        "program": {"slug": "neighbours"}, "sale": {"id": relay.to_base64("Sale", reward.sale.public_id)},
    }  # fmt: skip


def test_a_key_cancels_once_and_says_why(client, reward):
    key, text = key_of(reward, Scope.REWARDS_WRITE)
    given = {"input": {"id": id_of(reward), "note": "Sent by hand."}}
    first = data(client, VOID, given, bearer=text)["voidReward"]
    assert first == {"reward": {"side": "REFERRER", "state": "VOID"}, "alreadyVoid": False, "errors": []}
    assert data(client, VOID, given, bearer=text)["voidReward"] == {**first, "alreadyVoid": True}
    step = reward.changes.get(to_state="void")
    assert (step.reason, step.note, step.agent) == ("api", "Sent by hand.", f"Desk ({key.prefix}…)")
    refused = data(client, APPROVE, {"input": {"id": id_of(reward)}}, bearer=text)["approveReward"]
    assert refused["errors"] == [{"code": "WRONG_STATE", "path": []}]


@pytest.mark.parametrize(("query", "more"), [(APPROVE, {}), (VOID, {"note": "No"})])
def test_without_the_scope_nothing_is_written(client, reward, query, more):
    given = {"input": {"id": id_of(reward), **more}}
    steps = reward.changes.count()
    _key, other = key_of(reward, *(s for s in Scope.values if s != "rewards:write"))
    assert codes(ask(client, query, given)) == ["UNAUTHENTICATED"]
    assert codes(ask(client, query, given, bearer=other)) == ["FORBIDDEN"]
    reward.refresh_from_db()
    assert (reward.state, reward.changes.count()) == ("pending", steps)


def test_a_reward_is_not_cancelled_without_a_reason(client, reward):
    _key, text = key_of(reward, Scope.REWARDS_WRITE)
    refused = data(client, VOID, {"input": {"id": id_of(reward), "note": " "}}, bearer=text)["voidReward"]
    assert refused["errors"] == [{"code": "REQUIRED", "path": ["note"]}]
    assert Reward.objects.get().state == "pending"


def test_a_filter_by_somebody_else_s_scope_needs_that_scope(client, reward):
    _key, text = key_of(reward, Scope.REWARDS_READ)
    query = "query ($f: RewardFilter) { server { rewards(filter: $f) { totalCount } } }"
    for only in ({"personEmail": "referrer@example.com"}, {"saleExternalId": "A-1"}):
        assert codes(ask(client, query, {"f": only}, bearer=text)) == ["FORBIDDEN"]
    _key, text = key_of(reward, Scope.REWARDS_READ, Scope.REFERRALS_READ, Scope.SALES_READ)

    def count(**only):
        return data(client, query, {"f": only}, bearer=text)["server"]["rewards"]["totalCount"]

    assert (count(personEmail="Referrer@example.com"), count(personEmail="x@example.com")) == (1, 0)
    assert (count(saleExternalId="A-1"), count(saleExternalId="A-2")) == (1, 0)
    assert (count(waitsFor="APPROVAL"), count(waitsFor="HOLD")) == (1, 0)
    assert (count(states=["PENDING"], side="REFERRER"), count(states=["VOID"]), count(side="FRIEND")) == (1, 0, 0)
