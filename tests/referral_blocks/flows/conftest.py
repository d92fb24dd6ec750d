"""Fixtures of the flows’ tests."""

import pytest

from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.provider import ManualProvider

pytest.register_assert_rewrite("tests.referral_blocks.flows.story_looks")


@pytest.fixture
def paid_at_once(monkeypatch):
    """A manual provider whose rail answers at once."""
    monkeypatch.setattr(ManualProvider, "send", lambda self, request: PayoutResult(Outcome.PAID))
