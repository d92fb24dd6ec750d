"""Where a payment provider sends people back to: nothing in the address is believed."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import stripe as sdk
import time_machine
from django.test import override_settings
from django.utils import timezone

from referral_blocks.core import conf
from referral_blocks.core.tokens import make_token
from referral_blocks.flows.connect_payout_account import connect_payout_account
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.views.payout_accounts import account_urls
from tests.make import make_link, make_program
from tests.standins import running_stripe

pytestmark = pytest.mark.django_db


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
        with override_settings(REFERRAL_BLOCKS={"PAYOUT_PROVIDERS": providers}):
            yield running


@pytest.fixture
def urls(stand_in):
    """The two addresses of a referrer who has begun to tell their details, as paths."""
    referrer = make_link(make_program()).referrer
    whole = account_urls(person=referrer.person, provider="stripe", program=referrer.program)
    connect_payout_account(
        person=referrer.person, provider="stripe", return_url=whole.return_url, refresh_url=whole.refresh_url
    )
    return urlsplit(whole.return_url).path, urlsplit(whole.refresh_url).path


def account():
    return PayoutAccount.objects.get()


def test_coming_back_reads_the_state_from_the_provider(client, stand_in, urls):
    back, _again = urls
    response = client.get(back)
    assert (response.status_code, response.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "no-store" in response.headers["Cache-Control"]
    assert "Something is still missing" in response.content.decode()
    assert account().state == "onboarding"  # whatever coming back may seem to say
    stand_in.account_status(account().reference, "active")
    assert "Thank you, that is all" in client.get(back + "?state=restricted").content.decode()
    assert account().state == "ready"


def test_the_page_names_nobody(client, stand_in, urls):
    person, words = account().person, client.get(urls[0]).content.decode()
    assert (person.email in words, person.name in words, account().reference in words) == (False, False, False)


def test_coming_back_leads_on_although_the_provider_is_silent(client, stand_in, urls):
    stand_in.fault("status", status=503, path_prefix="/v2/core/accounts")
    assert "Something is still missing" in client.get(urls[0]).content.decode()
    assert account().state == "onboarding"


def test_a_used_up_page_gets_a_new_one(client, stand_in, urls):
    first, second = (client.get(urls[1]).headers["Location"] for _ in range(2))
    assert first.startswith(f"{stand_in.url}/onboarding/")
    assert first != second
    assert len(stand_in.books()["accounts"]) == 1


def test_an_address_that_leaked_cannot_change_an_account_that_is_ready(client, stand_in, urls):
    stand_in.account_status(account().reference, "active")
    client.get(urls[0])
    links = stand_in.books()["requests"]["POST /v2/core/account_links"]
    assert "/onboarding/" not in client.get(urls[1]).headers["Location"]
    assert stand_in.books()["requests"]["POST /v2/core/account_links"] == links


def test_a_provider_that_is_silent_is_said_in_words(client, stand_in, urls):
    stand_in.fault("status", status=503, path_prefix="/v2/core/account_links")
    response = client.get(urls[1])
    assert response.status_code == 400
    assert "try again in a few minutes" in response.content.decode()


def test_programs_that_only_look_do_nothing(client, stand_in, urls):
    before = stand_in.books()["requests"]
    assert [client.head(url).status_code for url in urls] == [200, 200]
    assert client.post(urls[0]).status_code == 405
    assert stand_in.books()["requests"] == before


@pytest.mark.parametrize("page", ["return", "refresh"])
def test_a_token_of_another_kind_or_shape_opens_nothing(client, stand_in, urls, page, caplog):
    person, program = account().person, make_program(slug="other")
    tokens = [
        "x",
        urls[0].split("/")[-3] + "x",
        make_token("sign_in", [str(person.public_id), "stripe", program.pk]),
        make_token("payout_account", [str(person.public_id), "stripe", 0]),
        make_token("payout_account", {"person": person.pk}),
    ]
    before = stand_in.books()["requests"]
    for token in tokens:
        response = client.get(f"/referrals/payout-account/{token}/{page}/")
        assert response.status_code == 400
        assert token == "x" or token not in caplog.text
    assert stand_in.books()["requests"] == before


def test_an_address_works_for_a_time(client, stand_in, urls):
    back, again = urls
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=True):
        assert (client.get(back).status_code, client.get(again).status_code) == (200, 400)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        assert client.get(back).status_code == 400
