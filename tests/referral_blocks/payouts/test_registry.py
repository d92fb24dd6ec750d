"""The providers of the setting: what goes wrong with one says nothing of its keys."""

from __future__ import annotations

import html
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.views.debug import ExceptionReporter

from referral_blocks.payouts.registry import payout_provider

KEY = "tnalp"[::-1] + "ed"  # nowhere in this file as it is in the setting: reports quote the source, too
PLUGS = "referral_blocks.payouts.providers."


@pytest.mark.parametrize(
    "path, wrong, error",
    [
        ("runa.provider.RunaGiftCards", {"base_url": "http://runa.example"}, ImproperlyConfigured),
        ("stripe.transfers.StripeTransfers", {"typo": "x"}, TypeError),
    ],
)
def test_the_report_of_a_wrong_setting_shows_no_key(settings, path, wrong, error):
    entry = {"path": PLUGS + path, "options": {"api_key": KEY, "webhook_secret": [KEY], **wrong}}
    settings.REFERRAL_BLOCKS = {"PAYOUT_PROVIDERS": {"wrong": entry}}
    with pytest.raises(error):
        try:
            payout_provider("wrong")
        except Exception:
            kind, value, trace = sys.exc_info()
            raise
    report = html.unescape(ExceptionReporter(None, kind, value, trace.tb_next).get_traceback_html())
    assert "payout_provider" in report
    assert KEY not in report
