import pytest
from django.test import Client
from strawberry import relay

from graphql_api.records.payout_runs import PayoutRunState
from graphql_api.records.payouts import PayoutRecordState
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.activity.models import Activity
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.confirm_payout_run import carry_out_payout_run, confirm_payout_run
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.payouts.run import PayoutRun, RunState
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.test_staff import make_staff, sign_in
from tests.payout_fake import new_shop
from tests.runs import buy, friend_of, payouts, plan, providers, runs_program, send_all, staff

pytestmark = pytest.mark.django_db

PLAN = """mutation ($input: PlanPayoutRunInput!) { planPayoutRun(input: $input) {
  payoutRun { id state provider payoutsCount total { amountMinor currency } gatheredAt agent }
  errors { code path } } }"""
CONFIRM = """mutation ($input: ConfirmPayoutRunInput!) { confirmPayoutRun(input: $input) {
  payoutRun { id state } errors { code path } } }"""
CANCEL = """mutation ($input: CancelPayoutRunInput!) { cancelPayoutRun(input: $input) {
  payoutRun { id state steps { toState note agent } } alreadyCancelled cancelledCount
  cancelledTotal { amountMinor currency } keptCount keptTotal { amountMinor currency } errors { code path } } }"""
EXCLUDE = """mutation ($input: ExcludeFromRunInput!) { excludeFromRun(input: $input) {
  payout { state } payoutRun { payoutsCount total { amountMinor } } alreadyExcluded errors { code path } } }"""
NOTHING = {
    "payoutRun": None, "alreadyCancelled": False, "cancelledCount": 0, "cancelledTotal": None, "keptCount": 0,
    "keptTotal": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers()
    return new_shop()


@pytest.fixture
def program():
    """Ana has earned £40, Ben £20."""
    program = runs_program()
    ana, ben = friend_of(program, "ana"), friend_of(program, "ben")
    for friend, order in ((ana, "1"), (ana, "2"), (ben, "3")):
        buy(friend, order)
    return program


@pytest.fixture
def key(program):
    return create_api_key(site_id=program.site_id, name="Books", scopes=[Scope.PAYOUTS_WRITE])


def make_run(client, key, **given):
    given = {"program": "neighbours", "provider": "shop", **given}
    return data(client, PLAN, {"input": given}, bearer=key[1])["planPayoutRun"]


def confirm(client, key, run_id, seen):
    return data(client, CONFIRM, {"input": {"id": run_id, "seenMinor": seen}}, bearer=key[1])["confirmPayoutRun"]


def cancel(client, key, run, note="Wrong month"):
    given = {"id": relay.to_base64("PayoutRun", run.public_id), "note": note}
    return data(client, CANCEL, {"input": given}, bearer=key[1])["cancelPayoutRun"]


def test_a_key_plans_a_run_once_and_confirms_it_with_the_total_that_it_read(client, key, program, shop):
    first = make_run(client, key)
    run = PayoutRun.objects.get()
    agent = f"Books ({key[0].prefix}…)"
    assert first["errors"] == []
    assert {**first["payoutRun"], "gatheredAt": None} == {
        "id": relay.to_base64("PayoutRun", run.public_id),
        "state": "DRAFT",
        "provider": "shop",
        "payoutsCount": 2,
        "total": {"amountMinor": 6000, "currency": "GBP"},
        "gatheredAt": None,
        "agent": agent,
    }
    assert make_run(client, key) == first
    stale = confirm(client, key, first["payoutRun"]["id"], 5999)
    assert (stale["payoutRun"], stale["errors"]) == (None, [{"code": "CONFLICT", "path": []}])
    done = confirm(client, key, first["payoutRun"]["id"], 6000)
    assert (done["payoutRun"]["state"], done["errors"]) == ("CONFIRMED", [])
    again = confirm(client, key, first["payoutRun"]["id"], 6000)
    assert again["errors"] == [{"code": "WRONG_STATE", "path": []}]
    carry_out_payout_run(run_id=run.pk)
    assert (send_all(), len(shop.orders)) == (["paid", "paid"], 2)
    step = run.changes.get()
    assert (step.from_state, step.to_state, step.actor, step.agent) == ("draft", "confirmed", None, agent)


@pytest.mark.parametrize("planner", ["key", "person"])
def test_a_key_is_neither_the_first_nor_the_second_of_two_people(client, key, program, planner):
    PayoutPolicy.objects.create(program=program, currency="GBP", second_person_minor=5000)
    run = PayoutRun.objects.get() if planner == "key" and make_run(client, key) else plan(program)
    run_id = relay.to_base64("PayoutRun", run.public_id)
    refusal = {"payoutRun": None, "errors": [{"code": "NOT_ALLOWED", "path": []}]}
    assert confirm(client, key, run_id, 6000) == refusal
    run.refresh_from_db()
    assert (run.state, run.confirmed_by, run.changes.count()) == ("draft", None, 0)
    assert confirm_payout_run(run=run, actor=staff("fin")) is False
    assert confirm(client, key, run_id, 6000) == refusal
    run.refresh_from_db()
    assert (run.state, run.seconded_by, run.changes.count()) == ("second", None, 1)
    assert {state for _who, _minor, state in payouts(run)} == {"draft"}
    assert confirm_payout_run(run=run, actor=staff("boss")) is True


def test_two_members_of_staff_are_two_people_as_in_the_admin(program):
    PayoutPolicy.objects.create(program=program, currency="GBP", second_person_minor=5000)
    run = plan(program)
    given = {"input": {"id": relay.to_base64("PayoutRun", run.public_id), "seenMinor": 6000}}
    browser, first, second = Client(enforce_csrf_checks=True), *(make_staff("confirm_payout", username=n) for n in "ab")

    def confirmed_by(user):
        answer = data(browser, CONFIRM, given, **sign_in(browser, user))["confirmPayoutRun"]
        return answer["payoutRun"] and answer["payoutRun"]["state"], [error["code"] for error in answer["errors"]]

    assert confirmed_by(first) == ("SECOND", [])
    assert confirmed_by(first) == (None, ["NOT_ALLOWED"])
    run.refresh_from_db()
    assert (run.state, run.confirmed_by, run.seconded_by, run.changes.count()) == ("second", first, None, 1)
    assert confirmed_by(second) == ("CONFIRMED", [])
    run.refresh_from_db()
    assert (run.confirmed_by, run.seconded_by) == (first, second)
    assert list(run.changes.order_by("pk").values_list("actor", "agent")) == [(first.pk, ""), (second.pk, "")]


@pytest.mark.parametrize("waits_for_second", [False, True])
def test_a_key_cancels_a_run_that_is_not_confirmed_and_its_rewards_wait_for_the_next_one(
    client, key, program, waits_for_second
):
    run = plan(program)
    if waits_for_second:
        PayoutPolicy.objects.create(program=program, currency="GBP", second_person_minor=5000)
        assert confirm_payout_run(run=run, actor=staff("fin")) is False
    done = cancel(client, key, run)
    agent = f"Books ({key[0].prefix}…)"
    assert done["payoutRun"].pop("steps")[-1] == {"toState": "cancelled", "note": "Wrong month", "agent": agent}
    shown = {"id": relay.to_base64("PayoutRun", run.public_id), "state": "CANCELLED"}
    assert done == {
        "payoutRun": shown,
        "alreadyCancelled": False,
        "cancelledCount": 2,
        "cancelledTotal": {"amountMinor": 6000, "currency": "GBP"},
        "keptCount": 0,
        "keptTotal": {"amountMinor": 0, "currency": "GBP"},
        "errors": [],
    }
    again = cancel(client, key, run, note="Again")
    assert len(again["payoutRun"].pop("steps")) == 1 + waits_for_second
    assert again == {**NOTHING, "payoutRun": shown, "alreadyCancelled": True, "errors": []}
    carry_out_payout_run(run_id=run.pk)
    assert payouts(run) == [("Ana", 4000, "cancelled"), ("Ben", 2000, "cancelled")]
    assert Activity.objects.filter(kind="payout.cancelled").count() == 2
    assert (send_all(), check_ledger()) == ([], [])
    assert payouts(plan(program)) == [("Ana", 4000, "draft"), ("Ben", 2000, "draft")]


def test_what_cannot_be_cancelled_says_why_and_nothing_is_written(client, key, program, shop):
    run = plan(program)
    assert cancel(client, key, run, note=" ") == {**NOTHING, "errors": [{"code": "REQUIRED", "path": ["note"]}]}
    run.refresh_from_db()
    assert (run.state, run.changes.count()) == ("draft", 0)
    assert confirm_payout_run(run=run, actor=staff())
    carry_out_payout_run(run_id=run.pk)
    assert (send_all(), len(shop.orders)) == (["paid", "paid"], 2)
    assert cancel(client, key, run) == {**NOTHING, "errors": [{"code": "WRONG_STATE", "path": []}]}
    run.refresh_from_db()
    assert (run.state, run.changes.count()) == ("confirmed", 1)
    assert not Activity.objects.filter(kind="payout.cancelled").exists()


def test_a_key_calls_a_confirmed_run_back_and_is_told_what_stays(client, key, program, shop):
    run = plan(program)
    assert confirm_payout_run(run=run, actor=staff())
    carry_out_payout_run(run_id=run.pk)
    assert send_payout(payout_id=Payout.objects.get(person__name="Ana").pk) == "paid"
    done = cancel(client, key, run)
    assert done["payoutRun"].pop("steps")[-1]["agent"] == f"Books ({key[0].prefix}…)"
    assert done == {
        "payoutRun": {"id": relay.to_base64("PayoutRun", run.public_id), "state": "CANCELLED"},
        "alreadyCancelled": False,
        "cancelledCount": 1,
        "cancelledTotal": {"amountMinor": 2000, "currency": "GBP"},
        "keptCount": 1,
        "keptTotal": {"amountMinor": 4000, "currency": "GBP"},
        "errors": [],
    }
    carry_out_payout_run(run_id=run.pk)
    assert payouts(run) == [("Ana", 4000, "paid"), ("Ben", 2000, "cancelled")]
    change = Payout.objects.get(person__name="Ben").changes.latest("pk")
    assert (change.to_state, change.agent) == ("cancelled", f"Books ({key[0].prefix}…)")
    assert (send_all(), len(shop.orders), check_ledger()) == ([], 1, [])


def test_a_key_takes_a_payout_out_of_a_run_and_is_told_the_total_to_confirm(client, key, program, shop):
    run = plan(program)
    ben = Payout.objects.get(person__name="Ben")

    def exclude(note="Moved house"):
        given = {"id": relay.to_base64("PayoutRecord", ben.public_id), "note": note}
        return data(client, EXCLUDE, {"input": given}, bearer=key[1])["excludeFromRun"]

    nothing = {"payout": None, "payoutRun": None, "alreadyExcluded": False}
    assert exclude(" ") == {**nothing, "errors": [{"code": "REQUIRED", "path": ["note"]}]}
    ben.refresh_from_db()
    assert (ben.state, ben.changes.count()) == ("draft", 0)
    done = {
        "payout": {"state": "CANCELLED"},
        "payoutRun": {"payoutsCount": 1, "total": {"amountMinor": 4000}},
        "alreadyExcluded": False,
        "errors": [],
    }
    assert exclude() == done
    assert exclude("Again") == {**done, "alreadyExcluded": True}
    change = ben.changes.get()
    assert (change.to_state, change.note, change.actor, change.agent) == (
        "cancelled", "Moved house", None, f"Books ({key[0].prefix}…)",
    )  # fmt: skip
    ana = Payout.objects.get(person__name="Ana")
    assert confirm_payout_run(run=run, actor=staff(), seen_minor=4000)
    ben = ana
    assert exclude() == {**nothing, "errors": [{"code": "WRONG_STATE", "path": []}]}
    carry_out_payout_run(run_id=run.pk)
    assert (send_all(), len(shop.orders), check_ledger()) == (["paid"], 1, [])


def test_what_cannot_be_planned_says_why_and_writes_nothing(client, key, program):
    for given, error in (
        ({"provider": "none"}, {"code": "UNKNOWN_METHOD", "path": ["provider"]}),
        ({"provider": "manual"}, {"code": "NOT_USED", "path": ["provider"]}),
        ({"cutOffAt": "2999-01-01T00:00:00Z"}, {"code": "IN_FUTURE", "path": ["cutOffAt"]}),
        ({"currency": "EUR"}, {"code": "WRONG_STATE", "path": []}),
        ({"program": "unknown"}, {"code": "NOT_FOUND", "path": ["program"]}),
    ):
        assert make_run(client, key, **given) == {"payoutRun": None, "errors": [error]}
    assert not PayoutRun.objects.exists()


def test_without_the_scope_nothing_is_planned_confirmed_or_cancelled(client, program):
    run = plan(program)
    scopes = [scope for scope in Scope.values if scope != "payouts:write"]
    text = create_api_key(site_id=program.site_id, name="Books", scopes=scopes)[1]
    seen = {"input": {"id": relay.to_base64("PayoutRun", run.public_id), "seenMinor": 6000}}
    wanted = {"input": {"program": "neighbours", "provider": "shop"}}
    drop = {"input": {"id": seen["input"]["id"], "note": "Wrong month"}}
    for query, given in ((PLAN, wanted), (CONFIRM, seen), (CANCEL, drop)):
        assert codes(ask(client, query, given)) == ["UNAUTHENTICATED"]
        assert codes(ask(client, query, given, bearer=text)) == ["FORBIDDEN"]
    run.refresh_from_db()
    assert (run.state, PayoutRun.objects.count(), Payout.objects.filter(state="draft").count()) == ("draft", 1, 2)


def test_one_run_and_filtered_payouts(client, program):
    scopes = [Scope.PAYOUTS_READ, Scope.SALES_READ]
    text = create_api_key(site_id=program.site_id, name="Books", scopes=scopes)[1]
    run = plan(program)
    run_id = relay.to_base64("PayoutRun", run.public_id)
    one = "query ($id: ID!) { server { payoutRun(id: $id) { payoutsCount total { amountMinor } } } }"
    found = data(client, one, {"id": run_id}, bearer=text)["server"]["payoutRun"]
    assert found == {"payoutsCount": 2, "total": {"amountMinor": 6000}}

    def amounts(**only):
        query = (
            "query ($f: PayoutFilter) { server { payouts(filter: $f) { edges { node { amount { amountMinor } } } } } }"
        )
        edges = data(client, query, {"f": only}, bearer=text)["server"]["payouts"]["edges"]
        return sorted(edge["node"]["amount"]["amountMinor"] for edge in edges)

    assert amounts() == amounts(states=["DRAFT"], parked=False) == [2000, 4000]
    assert (amounts(saleExternalId="2"), amounts(saleExternalId="9")) == ([4000], [])
    assert amounts(states=["PAID"]) == amounts(parked=True) == amounts(provider="manual") == []


def test_enums_show_every_stored_value():
    for shown, stored in ((PayoutRecordState, PayoutState), (PayoutRunState, RunState)):
        assert {member.name: member.value for member in shown} == {member.name: member.value for member in stored}
