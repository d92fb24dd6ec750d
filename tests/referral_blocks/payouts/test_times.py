"""A host learns at start when its times do not fit together."""

from datetime import timedelta

import pytest

from referral_blocks.checks import check_payout_times
from tests.payout_fake import register


def found(settings, *, lease=600, timeout=120, longest=None):
    register(settings, longest_call=longest, read_back=True)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_LEASE_SECONDS": lease}
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": timeout}
    return [(problem.id, problem.msg.split(":")[0]) for problem in check_payout_times(None)]


def test_times_that_fit(settings):
    assert found(settings, longest=timedelta(seconds=119)) == []
    assert found(settings, timeout=None, lease=1) == []  # the check of the queue says that


@pytest.mark.parametrize("lease", [120, 60])
def test_a_lease_that_ends_before_the_queue_ends_the_task(settings, lease):
    ((code, words),) = found(settings, lease=lease)
    assert (code, "PAYOUT_LEASE_SECONDS" in words) == ("referral_blocks.W003", True)


def test_a_provider_that_takes_longer_than_the_queue_allows(settings):
    assert found(settings, longest=timedelta(seconds=120)) == [
        ("referral_blocks.W003", "Payout provider “fake” may take 120 s to answer")
    ]
