"""A referrer's account with a payment provider: how far it is, and the way to its pages."""

from urllib.parse import urlsplit

import pytest
import stripe as sdk
from django.test import override_settings

from referral_blocks.core import conf
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.payouts.account import PayoutAccount
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.signed_in import refused_without_mailbox, sign_in
from tests.make import make_link, make_program, make_referral
from tests.standins import running_stripe

pytestmark = pytest.mark.django_db
CASH = {
    "side": "referrer", "title": "£20", "amount_minor": 2000, "method": "stripe", "hold_days": 0,
    "approval": "automatic",
}  # fmt: skip
ACCOUNTS = "{ viewer { payoutAccounts { provider label state missing rewardsWaiting checkedAt } } }"
CONNECT = """mutation ($input: ConnectPayoutAccountInput!) { connectPayoutAccount(input: $input) {
  url account { provider state missing rewardsWaiting } errors { code path message }
  viewer { payoutAccounts { provider state } } } }"""


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(sdk.HTTPClient, "MAX_DELAY", 0)
    with running_stripe() as running:
        entry = {
            "path": "referral_blocks.payouts.providers.stripe.transfers.StripeTransfers",
            "options": {"api_key": running.api_key, "api_url": running.base_url, "country": "GB"},
        }
        providers = {**conf.Conf().PAYOUT_PROVIDERS, "stripe": entry}
        with override_settings(REFERRAL_BLOCKS={"PAYOUT_PROVIDERS": providers, "RATE_LIMITS_ENABLED": False}):
            yield running


@pytest.fixture
def link(stand_in):
    return make_link(make_program(rules=(CASH,)))


def accounts(client):
    return data(client, ACCOUNTS)["viewer"]["payoutAccounts"]


def connect(client, **given):
    return data(client, CONNECT, {"input": {"provider": "stripe", **given}})["connectPayoutAccount"]


def test_what_is_missing_before_anybody_can_be_paid(client, link):
    make_referral(link.referrer.program, link=link)
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com"}
    record_sale(program=link.referrer.program, amount="50", currency="GBP", **sale)
    sign_in(client, link)
    (account,) = accounts(client)
    assert account.pop("label")
    assert account == {
        "provider": "stripe", "state": "MISSING", "missing": ["COUNTRY", "DETAILS"], "rewardsWaiting": 1,
        "checkedAt": None,
    }  # fmt: skip
    sign_in(client, make_link(link.referrer.program, email="other@example.com"))
    assert accounts(client)[0]["rewardsWaiting"] == 0


def test_connecting_leads_to_the_provider_and_back_to_this_site(client, stand_in, link, monkeypatch):
    asked = {}
    from graphql_api.payouts import mutations

    real = mutations.connect_payout_account
    monkeypatch.setattr(mutations, "connect_payout_account", lambda **given: asked.update(given) or real(**given))
    sign_in(client, link)
    answer = connect(client, country="gb")
    assert answer["url"].startswith(f"{stand_in.url}/onboarding/")
    assert (answer["errors"], answer["account"]) == (
        [], {"provider": "stripe", "state": "ONBOARDING", "missing": ["DETAILS"], "rewardsWaiting": 0},
    )  # fmt: skip
    assert answer["viewer"] == {"payoutAccounts": [{"provider": "stripe", "state": "ONBOARDING"}]}
    root = urlsplit(link.referrer.program.site.root_url)
    for name in ("return_url", "refresh_url"):
        assert (urlsplit(asked[name]).scheme, urlsplit(asked[name]).netloc) == (root.scheme, root.netloc)
    row = PayoutAccount.objects.get()
    assert (row.person, row.country) == (link.referrer.person, "GB")
    assert row.reference not in str(ask(client, ACCOUNTS))


def test_an_account_that_is_ready_is_left_alone(client, link):
    person = link.referrer.person
    PayoutAccount.objects.create(person=person, provider="stripe", reference="acct_1", country="GB", state="ready")
    sign_in(client, link)
    assert [(a["state"], a["missing"]) for a in accounts(client)] == [("READY", [])]
    answer = connect(client)
    assert (answer["url"], answer["account"]) == (None, None)
    assert [error["code"] for error in answer["errors"]] == ["WRONG_STATE"]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"provider": "nobody"}, "NOT_FOUND", ["provider"]),
        ({"provider": "\x00" * 50}, "NOT_FOUND", ["provider"]),
        ({"provider": "manual"}, "NOT_FOUND", ["provider"]),
        ({"country": "England"}, "INVALID_COUNTRY", ["country"]),
    ],
)
def test_what_makes_no_sense_writes_nothing(client, link, given, code, path):
    sign_in(client, link)
    answer = connect(client, **given)
    assert (answer["url"], [(e["code"], e["path"]) for e in answer["errors"]]) == (None, [(code, path)])
    assert PayoutAccount.objects.count() == 0


def test_a_silent_provider_is_told_so(client, stand_in, link):
    stand_in.fault("status", status=503, path_prefix="/v2/core/account")
    sign_in(client, link)
    answer = connect(client, country="GB")
    assert (answer["url"], [e["code"] for e in answer["errors"]]) == (None, ["PROVIDER_UNAVAILABLE"])


def test_without_the_mailbox_no_account_is_made(client, link):
    refused_without_mailbox(client, CONNECT, {"provider": "stripe", "country": "GB"}, link)
    assert PayoutAccount.objects.count() == 0
    sign_in(client, link, verified=False)
    answer = ask(client, ACCOUNTS)
    assert (answer["data"]["viewer"], codes(answer)) == ({"payoutAccounts": None}, ["UNVERIFIED"])
