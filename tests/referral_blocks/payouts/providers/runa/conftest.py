"""Gift cards against the stand-in: a thread with loopback HTTP."""

from __future__ import annotations

import pytest

from referral_blocks.payouts.providers.runa.provider import RunaGiftCards
from tests.standins import StandIn, running_runa

SECRET = "whsec_" + "c2VjcmV0LWZvci10ZXN0cy1vbmx5LTEyMzQ1Njc4"
RUNA = "referral_blocks.payouts.providers.runa.provider.RunaGiftCards"


@pytest.fixture
def runa():
    with running_runa() as stand_in:
        yield stand_in


@pytest.fixture
def provider(runa) -> RunaGiftCards:
    return gift_cards(runa)


def gift_cards(runa: StandIn, **options) -> RunaGiftCards:
    return RunaGiftCards(api_key=runa.api_key, base_url=runa.base_url, webhook_secret=SECRET, **options)


@pytest.fixture
def pays_with_runa(runa, settings):
    """The site's setting: the method “runa” buys at the stand-in."""
    options = {"api_key": runa.api_key, "base_url": runa.base_url, "webhook_secret": SECRET}
    given = settings.REFERRAL_BLOCKS
    known = given.get("PAYOUT_PROVIDERS") or {
        "manual": "referral_blocks.payouts.providers.manual.provider.ManualProvider"
    }
    settings.REFERRAL_BLOCKS = {**given, "PAYOUT_PROVIDERS": {**known, "runa": {"path": RUNA, "options": options}}}
    return runa
