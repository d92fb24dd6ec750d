"""What the shop's own contacts say of a friend who has not bought yet: in touch, no customer of ours, left out."""

import pytest
from django.test import Client
from strawberry import relay
from wagtail.models import Page, Site

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.activity.models import Activity
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.rewards.models import Reward
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.permissions.writing import digest
from tests.graphql_api.test_staff import make_staff, sign_in
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

AT_ONCE = {
    "side": "referrer", "title": "£5 for a friend", "amount_minor": 500, "trigger": "sign_up", "sale_to": None,
}  # fmt: skip
# Mutation: what its flag and its words are called, where it leads, and what is announced.
VERBS = {
    "nurtureReferral": ("alreadyNurtured", "note", "NURTURING", "referral.nurtured"),
    "unqualifyReferral": ("alreadyUnqualified", "reason", "UNQUALIFIED", "referral.unqualified"),
    "withdrawReferral": ("alreadyWithdrawn", "reason", "WITHDRAWN", "referral.withdrawn"),
}
ENDS = [name for name in VERBS if name != "nurtureReferral"]


def document(name):
    kind = f"{name[0].upper()}{name[1:]}Input"
    return (
        f"mutation ($input: {kind}!) {{ {name}(input: $input) "
        f"{{ referral {{ stage }} {VERBS[name][0]} errors {{ code path }} }} }}"
    )


def say(client, name, referral, words="Said so on the phone", **caller):
    given = {"id": relay.to_base64("ReferralRecord", referral.public_id), VERBS[name][1]: words}
    return data(client, document(name), {"input": given}, **caller)[name]


def key_of(referral, *scopes):
    key, text = create_api_key(site_id=referral.program.site_id, name="Contacts", scopes=scopes)
    ApiKey.objects.update(last_used_at=key.created_at)  # else written with the first use, at the latest
    return key, text


def last_step(referral):
    step = referral.changes.filter(field="stage").latest("pk")
    return step.to_state, step.reason, step.note, step.actor, step.agent


@pytest.fixture
def referral():
    return make_referral(make_program())


@pytest.mark.parametrize("name", VERBS)
def test_a_system_says_it_once_and_is_named(client, referral, name):
    key, text = key_of(referral, Scope.REFERRALS_WRITE)
    flag, _words, stage, kind = VERBS[name]
    done = {"referral": {"stage": stage}, flag: False, "errors": []}
    assert say(client, name, referral, bearer=text) == done
    why = "contact" if name == "nurtureReferral" else "api"
    assert last_step(referral) == (stage.lower(), why, "Said so on the phone", None, key.agent_name)
    before = digest()
    assert say(client, name, referral, "Again", bearer=text) == {**done, flag: True}
    assert (digest(), Activity.objects.filter(kind=kind).count(), check_ledger()) == (before, 1, [])


@pytest.mark.parametrize("name", VERBS)
def test_staff_are_named(referral, name):
    browser, user = Client(enforce_csrf_checks=True), make_staff("review_referral")
    assert say(browser, name, referral, **sign_in(browser, user))["errors"] == []
    why = "contact" if name == "nurtureReferral" else "staff"
    assert last_step(referral) == (VERBS[name][2].lower(), why, "Said so on the phone", user, "")


@pytest.mark.parametrize("name", ENDS)
def test_what_was_promised_for_the_friend_is_cancelled(client, name):
    referral = make_referral(make_program(rules=(AT_ONCE,)))
    assert list(Reward.objects.values_list("state", flat=True)) == ["pending"]
    say(client, name, referral, bearer=key_of(referral, Scope.REFERRALS_WRITE)[1])
    assert (list(Reward.objects.values_list("state", flat=True)), check_ledger()) == (["void"], [])


@pytest.mark.parametrize("name", ENDS)
def test_a_reason_is_kept_so_that_one_is_asked_for(client, referral, name):
    text = key_of(referral, Scope.REFERRALS_WRITE)[1]
    before = digest()
    refused = say(client, name, referral, " ", bearer=text)
    assert (refused["referral"], refused["errors"]) == (None, [{"code": "REQUIRED", "path": ["reason"]}])
    assert digest() == before


@pytest.mark.parametrize("name", VERBS)
def test_a_customer_stays_one(client, referral, name):
    text = key_of(referral, Scope.REFERRALS_WRITE)[1]
    sale = {"source": "api", "external_id": "A-1", "friend_email": "friend@example.com"}
    record_sale(program=referral.program, amount="100", currency="GBP", **sale)
    before = digest()
    refused = say(client, name, referral, bearer=text)
    assert (refused["referral"], refused["errors"]) == (None, [{"code": "WRONG_STATE", "path": []}])
    assert digest() == before


@pytest.mark.parametrize("name", VERBS)
def test_without_the_scope_or_the_site_nothing_is_said(client, referral, name):
    others = key_of(referral, *(scope for scope in Scope.values if scope != "referrals:write"))[1]
    far = Site.objects.create(hostname="far.example.com", root_page=Page.objects.get(depth=1))
    key, text = create_api_key(site_id=far.pk, name="Far", scopes=[Scope.REFERRALS_WRITE])
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=key.created_at)
    given = {"input": {"id": relay.to_base64("ReferralRecord", referral.public_id), VERBS[name][1]: "x"}}
    before = digest()
    assert codes(ask(client, document(name), given)) == ["UNAUTHENTICATED"]
    assert codes(ask(client, document(name), given, bearer=others)) == ["FORBIDDEN"]
    refused = say(client, name, referral, bearer=text, Host=far.hostname)
    assert refused["errors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    assert digest() == before
