"""Payouts that somebody settles by saying what became of them: a till or staff hand over, a person has looked it up."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from strawberry import relay
from wagtail.models import Page, Site

from graphql_api.records.handovers import HandoverKind as Shown
from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.activity.models import Activity
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.providers.manual.models import Handover, HandoverKind
from referral_blocks.rewards.models import Reward
from tests.at_once import at_once
from tests.graphql_api.ask import ask, codes, data, post
from tests.graphql_api.permissions.writing import digest
from tests.graphql_api.test_staff import make_staff, sign_in
from tests.make import make_program, make_referral
from tests.paying import confirmed, work
from tests.payout_fake import register

pytestmark = pytest.mark.django_db

GIFT = {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "hold_days": 0, "approval": "automatic"}
HAND_OVER = """mutation ($input: MarkHandedOverInput!) { markHandedOver(input: $input) {
  payout { id state steps { toState agent } handover { title note proof handedOverAt } } alreadyHandedOver
  errors { code path } } }"""
RESOLVE = """mutation ($input: ResolvePayoutInput!) { resolvePayout(input: $input) {
  payout { id state providerRef isParked } alreadyResolved errors { code path } } }"""
RESUME = """mutation ($input: ResumePayoutInput!) { resumePayout(input: $input) {
  payout { id state isParked } errors { code path } } }"""
NOT_HANDED_OVER = {"payout": None, "alreadyHandedOver": False}
NOT_RESOLVED = {"payout": None, "alreadyResolved": False}


def gid(payout):
    return relay.to_base64("PayoutRecord", payout.public_id)


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def handover():
    """A gift for a sale of £100 that is on the staff's desk."""
    program = make_referral(make_program(rules=(GIFT,))).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="100", currency="GBP", **sale)
    send_payout(payout_id=Payout.objects.get().pk)
    return Handover.objects.get()


@pytest.fixture
def lost(settings):
    """A payout of £20 of which the answer got lost, and that is not tried again."""
    shop = register(settings)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 1}
    payout = confirmed()
    shop.faults = ["drop"]
    work()
    payout.refresh_from_db()
    assert (payout.state, payout.parked) == ("unknown", "tries")
    return payout


def key_for(payout, *scopes):
    key, text = create_api_key(site_id=payout.program.site_id, name="Till", scopes=scopes)
    ApiKey.objects.update(last_used_at=timezone.now())  # else written with the first use
    return key, text


def hand_over(client, payout, note="At the counter", proof="R-7", **caller):
    given = {"id": gid(payout), "note": note, "proof": proof}
    return data(client, HAND_OVER, {"input": given}, **caller)["markHandedOver"]


def resolve(client, payout, outcome="PAID", note="They say so", caller=None, **given):
    given = {"id": gid(payout), "outcome": outcome, "note": note, **given}
    return data(client, RESOLVE, {"input": given}, **(caller or {}))["resolvePayout"]


def test_a_till_says_once_that_it_was_handed_over_and_is_named(client, handover):
    key, text = key_for(handover.payout, Scope.HANDOVERS_WRITE)
    done = hand_over(client, handover.payout, bearer=text)
    assert done["payout"]["handover"].pop("handedOverAt")
    assert done == {
        "payout": {
            "id": gid(handover.payout),
            "state": "PAID",
            "steps": [
                *({"toState": state, "agent": ""} for state in ("confirmed", "sending", "sent")),
                {"toState": "paid", "agent": f"Till ({key.prefix}…)"},
            ],
            "handover": {"title": "£20 gift", "note": "At the counter", "proof": "R-7"},
        },
        "alreadyHandedOver": False,
        "errors": [],
    }
    first = Handover.objects.get()
    assert (first.handed_over_by, Reward.objects.get().state, check_ledger()) == (None, "issued", [])
    before = digest()
    again = hand_over(client, handover.payout, note="Again", proof="R-8", bearer=text)
    assert (again["alreadyHandedOver"], again["payout"]["handover"]["note"]) == (True, "At the counter")
    assert (again["errors"], digest()) == ([], before)


def test_staff_who_hand_over_are_named(browser, handover):
    user = make_staff("mark_handed_over")
    assert hand_over(browser, handover.payout, **sign_in(browser, user))["errors"] == []
    assert Handover.objects.get().handed_over_by == user
    step = handover.payout.changes.get(to_state="paid")
    assert (step.reason, step.actor, step.agent) == ("settled", user, "")


def test_what_its_owner_is_not_to_have_is_not_handed_over(client, handover):
    text = key_for(handover.payout, Scope.HANDOVERS_WRITE)[1]
    reverse_sale(
        program=handover.payout.program, source="api", external_id="1", reversal_id="r-1", kind="refund", amount=None
    )
    before = digest()
    assert hand_over(client, handover.payout, bearer=text) == {
        **NOT_HANDED_OVER, "errors": [{"code": "WRONG_STATE", "path": []}],
    }  # fmt: skip
    long = hand_over(client, handover.payout, proof="x" * 501, bearer=text)
    assert long == {**NOT_HANDED_OVER, "errors": [{"code": "TOO_LONG", "path": ["proof"]}]}
    assert digest() == before


def test_a_payout_that_nobody_hands_over_is_refused(client, lost):
    text = key_for(lost, Scope.HANDOVERS_WRITE)[1]
    before = digest()
    assert hand_over(client, lost, bearer=text) == {
        **NOT_HANDED_OVER, "errors": [{"code": "WRONG_STATE", "path": []}],
    }  # fmt: skip
    assert digest() == before


def test_an_idempotency_key_replays_the_handover(client, handover):
    bearer = f"Bearer {key_for(handover.payout, Scope.HANDOVERS_WRITE)[1]}"
    body = {"query": HAND_OVER, "variables": {"input": {"id": gid(handover.payout)}}}
    replies = [post(client, body, Authorization=bearer, Idempotency_Key="one") for _try in range(2)]
    assert [reply.get("Idempotent-Replayed") for reply in replies] == [None, "true"]
    assert replies[0].json()["data"] == replies[1].json()["data"]
    assert replies[1].json()["data"]["markHandedOver"]["alreadyHandedOver"] is False


@pytest.mark.parametrize("outcome", ["PAID", "NOT_PAID"])
def test_a_person_settles_what_nobody_knew_once(browser, lost, outcome):
    user = make_staff("resolve_payout")
    headers = sign_in(browser, user)
    paid = outcome == "PAID"
    ref = {"providerRef": "fake-1"} if paid else {}
    done = resolve(browser, lost, outcome, caller=headers, **ref)
    state = "PAID" if paid else "FAILED_FINAL"
    shown = {"id": gid(lost), "state": state, "providerRef": "fake-1" if paid else "", "isParked": False}
    assert done == {"payout": shown, "alreadyResolved": False, "errors": []}
    step = lost.changes.latest("pk")
    assert (step.to_state, step.reason, step.note, step.actor) == (state.lower(), "person", "They say so", user)
    assert Reward.objects.get().state == ("issued" if paid else "pending")
    assert PayoutAttempt.objects.get().outcome == state.lower()
    before = digest()
    assert resolve(browser, lost, outcome, caller=headers, **ref) == {**done, "alreadyResolved": True}
    other = resolve(browser, lost, "NOT_PAID" if paid else "PAID", caller=headers)
    assert other == {**NOT_RESOLVED, "errors": [{"code": "WRONG_STATE", "path": []}]}
    assert (digest(), check_ledger()) == (before, [])


def test_what_is_not_settled_says_why_and_writes_nothing(browser, lost):
    other = Payout.objects.create(
        program=lost.program, person=lost.person, provider="fake", amount_minor=1, currency="GBP", state="sending"
    )
    PayoutAttempt.objects.create(payout=other, number=1, provider="fake", provider_ref="fake-9", request={})
    headers = sign_in(browser, make_staff("resolve_payout"))
    before = digest()
    for payout, outcome, given, error in (
        (lost, "PAID", {"note": " "}, {"code": "REQUIRED", "path": ["note"]}),
        (lost, "PAID", {"providerRef": "fake-9"}, {"code": "CONFLICT", "path": ["providerRef"]}),
        (lost, "NOT_PAID", {"providerRef": "fake-1"}, {"code": "NOT_USED", "path": ["providerRef"]}),
        (other, "PAID", {}, {"code": "WRONG_STATE", "path": []}),
    ):
        assert resolve(browser, payout, outcome, caller=headers, **given) == {**NOT_RESOLVED, "errors": [error]}
    assert digest() == before


def test_a_person_lets_a_payout_go_on_which_is_then_looked_up(browser, lost):
    user = make_staff("resolve_payout")
    headers = sign_in(browser, user)
    given = {"id": gid(lost), "note": "They answer again"}
    shown = {"id": gid(lost), "state": "UNKNOWN", "isParked": False}
    assert data(browser, RESUME, {"input": given}, **headers)["resumePayout"] == {"payout": shown, "errors": []}
    step = lost.changes.latest("pk")
    assert (step.field, step.from_state, step.note, step.actor) == ("parked", "tries", "They answer again", user)
    work()
    assert (Payout.objects.get().state, Reward.objects.get().state, check_ledger()) == ("paid", "issued", [])
    before = digest()
    for note, error in (
        ("Again", {"code": "WRONG_STATE", "path": []}),
        (" ", {"code": "REQUIRED", "path": ["note"]}),
    ):
        answer = data(browser, RESUME, {"input": {**given, "note": note}}, **headers)["resumePayout"]
        assert answer == {"payout": None, "errors": [error]}
    assert digest() == before


def test_no_key_says_what_became_of_a_payout_and_one_without_the_scope_hands_nothing_over(client, browser, handover):
    every = key_for(handover.payout, *Scope.values)[1]
    others = key_for(handover.payout, *(scope for scope in Scope.values if scope != "handovers:write"))[1]
    settle = {"input": {"id": gid(handover.payout), "outcome": "PAID", "note": "Says the machine"}}
    give = {"input": {"id": gid(handover.payout)}}
    headers = sign_in(browser, make_staff("view_payout", "confirm_payout", "mark_handed_over"))
    before = digest()
    assert codes(ask(client, RESOLVE, settle)) == codes(ask(client, HAND_OVER, give)) == ["UNAUTHENTICATED"]
    assert codes(ask(client, RESOLVE, settle, bearer=every)) == ["FORBIDDEN"]
    assert codes(ask(client, HAND_OVER, give, bearer=others)) == ["FORBIDDEN"]
    go_on = {"input": {"id": gid(handover.payout), "note": "Says the machine"}}
    assert codes(ask(client, RESUME, go_on, bearer=every)) == ["FORBIDDEN"]
    assert codes(ask(browser, RESOLVE, settle, **headers)) == ["FORBIDDEN"]
    assert digest() == before
    assert not Activity.objects.filter(kind="payout.paid").exists()


@pytest.mark.django_db(transaction=True)
def test_six_who_say_so_at_once_hand_it_over_once(handover):
    text = key_for(handover.payout, Scope.HANDOVERS_WRITE)[1]
    done = at_once(lambda n: hand_over(Client(), handover.payout, note=f"Till {n}", bearer=text), threads=6)
    assert [answer["errors"] for answer in done] == [[]] * 6
    assert sorted(answer["alreadyHandedOver"] for answer in done) == [False, *[True] * 5]
    assert len({answer["payout"]["handover"]["note"] for answer in done}) == 1
    assert Activity.objects.filter(kind="payout.paid").count() == 1
    assert (Reward.objects.get().state, check_ledger()) == ("issued", [])


@pytest.mark.django_db(transaction=True)
def test_of_two_who_have_found_out_different_things_one_is_believed(lost):
    make_staff("resolve_payout")
    browsers = [Client(), Client()]
    headers = [sign_in(browser, User.objects.get()) for browser in browsers]

    def say(number):
        return resolve(browsers[number], lost, ("PAID", "NOT_PAID")[number], caller=headers[number])

    done = at_once(say, threads=2)
    assert sorted(len(answer["errors"]) for answer in done) == [0, 1]
    paid = not done[0]["errors"]
    assert (Payout.objects.get().state, Reward.objects.get().state) == (
        ("paid", "issued") if paid else ("failed_final", "pending")
    )
    assert (lost.changes.filter(reason="person").count(), check_ledger()) == (1, [])


def test_payouts_of_another_site_are_not_found(client, browser, handover):
    far = Site.objects.create(hostname="far.example.com", root_page=Page.objects.get(depth=1))
    text = create_api_key(site_id=far.pk, name="Till", scopes=[Scope.HANDOVERS_WRITE])[1]
    missing = {"code": "NOT_FOUND", "path": ["id"]}
    headers = sign_in(browser, make_staff("resolve_payout"))
    assert hand_over(client, handover.payout, bearer=text, Host=far.hostname) == {
        **NOT_HANDED_OVER, "errors": [missing],
    }  # fmt: skip
    there = {**headers, "Host": far.hostname}
    assert resolve(browser, handover.payout, caller=there) == {**NOT_RESOLVED, "errors": [missing]}
    assert (Payout.objects.get().state, Handover.objects.get().handed_over_at) == ("sent", None)


def test_every_way_of_handing_over_is_shown():
    assert {one.name: one.value for one in Shown} == {one.name: one.value for one in HandoverKind}
