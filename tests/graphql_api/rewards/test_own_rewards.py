"""A referrer's rewards: their timeline, what to do next, claiming one and looking at a gift card."""

import pytest
from strawberry.relay.utils import to_base64

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.payouts.models import Payout, PayoutChange
from referral_blocks.rewards.models import CouponCode, CouponList, Reward, RewardRule
from tests.gift_cards import bought, gift_card_program, use_runa
from tests.graphql_api.ask import JSON, URL, ask, codes, data
from tests.graphql_api.signed_in import refused_without_mailbox, sign_in
from tests.make import make_link, make_program, make_referral
from tests.standins import running_runa

pytestmark = pytest.mark.django_db
REWARDS = """query ($filter: ViewerRewardFilter, $orderBy: ViewerRewardOrder! = NEWEST_FIRST) { viewer {
  rewards(filter: $filter, orderBy: $orderBy) { totalCount edges { node {
    id title side state friendFirstName issuedAt expiresAt code nextStep
    value { amountMinor } takenBack { amountMinor } pendingReasons { reason } timeline { state at } } } } } }"""
CLAIM = """mutation ($input: ClaimRewardInput!) { claimReward(input: $input) {
  reward { state nextStep timeline { state } } errors { code path }
  viewer { rewards { edges { node { state nextStep } } } } } }"""
SHOW = """mutation ($input: ShowGiftCardInput!) { showGiftCard(input: $input) {
  url expiresAt errors { code path } } }"""
COUPON = {
    "side": "referrer", "title": "Voucher", "amount_minor": 500, "method": "coupon", "hold_days": 0,
    "approval": "automatic",
}  # fmt: skip


@pytest.fixture
def runa(settings):
    with running_runa() as stand_in:
        use_runa(settings, stand_in)
        yield stand_in


def sell(program, number):
    make_referral(program, email=f"friend{number}@example.com")
    sale = {"source": "test", "external_id": str(number), "friend_email": f"friend{number}@example.com"}
    return record_sale(program=program, amount="50", currency="GBP", **sale).rewards[0]


def rewards(client, **given):
    found = data(client, REWARDS, given)["viewer"]["rewards"]
    return [edge["node"] for edge in found["edges"]]


def node_id(reward):
    return to_base64("Reward", reward.public_id)


def do(client, mutation, reward):
    (payload,) = data(client, mutation, {"input": {"id": node_id(reward)}}).values()
    return payload


def test_a_reward_tells_its_story(client):
    program = make_program()
    link = make_link(program)
    reward = sell(program, 1)
    sign_in(client, link)
    (shown,) = rewards(client)
    assert shown["id"] == node_id(reward)
    assert (shown["side"], shown["friendFirstName"], shown["nextStep"], shown["code"]) == (
        "REFERRER",
        "Kim",
        None,
        None,
    )
    assert (shown["value"], shown["takenBack"]) == ({"amountMinor": 2000}, {"amountMinor": 0})
    assert shown["timeline"] == [{"state": "PENDING", "at": reward.created_at.isoformat()}]


def test_a_coupon_shows_its_code_once_it_is_received(client):
    program = make_program(rules=())
    codes_ = CouponList.objects.create(program=program, name="Vouchers")
    CouponCode.objects.create(coupon_list=codes_, code="SAVE-5")
    RewardRule.objects.create(program=program, coupon_list=codes_, **COUPON)
    link = make_link(program)
    sell(program, 1)
    from tests.paying import work

    work()
    sign_in(client, link)
    (shown,) = rewards(client)
    assert (shown["state"], shown["code"], shown["nextStep"]) == ("ISSUED", "SAVE-5", "USE_CODE")
    assert [step["state"] for step in shown["timeline"]] == ["PENDING", "APPROVED", "RESERVED", "ISSUED"]
    assert [s["at"] for s in shown["timeline"]] == sorted(s["at"] for s in shown["timeline"])
    sign_in(client, make_link(program, email="other@example.com"))
    assert rewards(client) == []


def test_rewards_are_chosen_and_ordered(client):
    program = make_program()
    link = make_link(program)
    first, second = sell(program, 1), sell(program, 2)
    sign_in(client, link)
    assert [r["id"] for r in rewards(client)] == [node_id(second), node_id(first)]
    assert [r["id"] for r in rewards(client, orderBy="OLDEST_FIRST")] == [node_id(first), node_id(second)]
    assert len(rewards(client, filter={"states": ["PENDING"]})) == 2
    assert rewards(client, filter={"states": ["ISSUED", "VOID"]}) == rewards(client, filter={"states": []}) == []


@pytest.mark.parametrize("number", [1, 10, 100])
def test_rewards_cost_the_same_however_many(client, django_assert_num_queries, number):
    program = make_program()
    link = make_link(program)
    reward = sell(program, 1)
    fields = {
        f.attname: getattr(reward, f.attname) for f in reward._meta.concrete_fields if f.name not in ("id", "public_id")
    }
    Reward.objects.bulk_create(Reward(**{**fields, "trigger_key": f"copy:{n}"}) for n in range(number - 1))
    sign_in(client, link)
    rewards(client)
    with django_assert_num_queries(6):
        assert len(rewards(client)) == number


def test_a_reward_is_claimed_once(client, runa):
    program = gift_card_program(side="referrer", order_at="claim")
    link = make_link(program)
    make_referral(program)
    reward = Reward.objects.get()
    sign_in(client, link)
    assert rewards(client)[0]["nextStep"] == "CLAIM"
    claimed = do(client, CLAIM, reward)
    assert (claimed["reward"]["state"], claimed["reward"]["nextStep"], claimed["errors"]) == ("RESERVED", None, [])
    assert claimed["viewer"]["rewards"]["edges"] == [{"node": {"state": "RESERVED", "nextStep": None}}]
    assert do(client, CLAIM, reward) == claimed
    assert Payout.objects.count() == 1


def test_what_cannot_be_claimed_stays_as_it_is(client):
    program = make_program()
    link = make_link(program)
    reward = sell(program, 1)
    sign_in(client, link)
    refused = do(client, CLAIM, reward)
    assert (refused["reward"], [e["code"] for e in refused["errors"]]) == (None, ["WRONG_STATE"])
    assert Payout.objects.count() == 0


def test_a_gift_card_is_shown_to_its_owner_and_each_look_is_written_down(client, runa, caplog):
    reward = bought(gift_card_program(side="referrer"))
    link = make_link(reward.program)
    sign_in(client, link)
    assert rewards(client)[0]["nextStep"] == "SHOW_GIFT_CARD"
    looks = PayoutChange.objects.filter(field="gift_card")
    assert looks.count() == 0
    body = {"query": SHOW, "variables": {"input": {"id": node_id(reward)}}}
    response = client.post(URL, body, content_type=JSON)
    shown = response.json()["data"]["showGiftCard"]
    assert (shown["url"].startswith("http"), shown["errors"], looks.count()) == (True, [], 1)
    assert "no-store" in response.headers["Cache-Control"]
    assert shown["url"] not in caplog.text
    assert do(client, SHOW, reward) == shown
    assert looks.count() == 2


@pytest.mark.parametrize("mutation", [CLAIM, SHOW])
def test_somebody_elses_reward_is_unknown(client, runa, mutation):
    reward = bought(gift_card_program(side="referrer"))
    sign_in(client, make_link(reward.program, email="other@example.com"))
    unknown = [{"code": "NOT_FOUND", "path": ["id"]}]
    assert do(client, mutation, reward)["errors"] == unknown
    for text in ("", "nonsense", "é", to_base64("Reward", reward.pk), to_base64("Referral", reward.public_id)):
        (payload,) = data(client, mutation, {"input": {"id": text}}).values()
        assert payload["errors"] == unknown
    assert PayoutChange.objects.filter(field="gift_card").count() == 0


def test_without_the_mailbox_nothing_is_shown(client, runa):
    reward = bought(gift_card_program(side="referrer"))
    for mutation in (CLAIM, SHOW):
        refused_without_mailbox(client, mutation, {"id": node_id(reward)}, make_link(reward.program))
    assert PayoutChange.objects.filter(field="gift_card").count() == 0
    sign_in(client, make_link(reward.program), verified=False)
    answer = ask(client, REWARDS)
    assert (answer["data"]["viewer"], codes(answer)) == ({"rewards": None}, ["UNVERIFIED"])
