"""Staff end a hold early; no system does."""

import pytest
from django.test import Client
from strawberry import relay

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.rewards.models import Reward
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.permissions.writing import digest
from tests.graphql_api.test_staff import make_staff, sign_in
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

RELEASE = """mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) {
  reward { title state } alreadyOver errors { code path } } }"""
HELD = {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "hold_days": 30, "approval": "automatic"}


@pytest.fixture
def reward():
    program = make_referral(make_program(rules=(HELD,))).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="100", currency="GBP", **sale)
    reward = Reward.objects.get()
    assert (reward.state, reward.pending_reasons.get().reason) == ("pending", "hold")
    return reward


def given(reward, note="Paid in cash, nothing comes back"):
    return {"input": {"id": relay.to_base64("RewardRecord", reward.public_id), "note": note}}


def test_a_person_ends_it_once_and_is_named(reward):
    browser, user = Client(enforce_csrf_checks=True), make_staff("release_hold")
    headers = sign_in(browser, user)
    done = data(browser, RELEASE, given(reward), **headers)["releaseHold"]
    assert done == {"reward": {"title": "£20 gift", "state": "RESERVED"}, "alreadyOver": False, "errors": []}
    step = reward.changes.get(field="reason", to_state="")
    assert (step.from_state, step.reason, step.note, step.actor) == (
        "hold", "person", "Paid in cash, nothing comes back", user,
    )  # fmt: skip
    before = digest()
    again = data(browser, RELEASE, given(reward, "Again"), **headers)["releaseHold"]
    assert (again, digest(), check_ledger()) == ({**done, "alreadyOver": True}, before, [])


def test_a_note_is_asked_for_and_no_key_will_do(client, reward):
    text = create_api_key(site_id=reward.program.site_id, name="Till", scopes=Scope.values)[1]
    ApiKey.objects.update(last_used_at=reward.created_at)
    browser = Client(enforce_csrf_checks=True)
    headers = sign_in(browser, make_staff("release_hold"))
    lee = Client(enforce_csrf_checks=True)
    others = sign_in(lee, make_staff("approve_reward", username="lee"))
    before = digest()
    refused = data(browser, RELEASE, given(reward, " "), **headers)["releaseHold"]
    assert refused == {"reward": None, "alreadyOver": False, "errors": [{"code": "REQUIRED", "path": ["note"]}]}
    assert codes(ask(client, RELEASE, given(reward))) == ["UNAUTHENTICATED"]
    assert codes(ask(lee, RELEASE, given(reward), **others)) == ["FORBIDDEN"]
    assert digest() == before
    assert codes(ask(client, RELEASE, given(reward), bearer=text)) == ["FORBIDDEN"]
    assert Reward.objects.get().state == "pending"
