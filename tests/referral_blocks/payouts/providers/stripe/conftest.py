"""The stand-in that the real adapters talk to, and a client that does not wait between its tries."""

from __future__ import annotations

import pytest
import stripe as sdk

from referral_blocks.payouts.providers.stripe.transfers import StripeTransfers
from tests.standins import running_stripe

WEBHOOK_SECRET = "whsec_planted_secret_of_the_endpoint"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(sdk.HTTPClient, "MAX_DELAY", 0)


@pytest.fixture
def stand_in():
    with running_stripe() as running:
        yield running


@pytest.fixture
def transfers(stand_in):
    return StripeTransfers(
        api_key=stand_in.api_key, api_url=stand_in.base_url, webhook_secret=WEBHOOK_SECRET, country="GB"
    )
