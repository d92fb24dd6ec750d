import pytest
from django.core.exceptions import ImproperlyConfigured

from referral_blocks.checks import check_queue, check_settings
from referral_blocks.core.conf import get_conf


def test_a_setting_that_does_not_exist_is_named(settings):
    settings.REFERRAL_BLOCKS = {"PAYOUT_PROVIDER": {}}
    with pytest.raises(ImproperlyConfigured, match="no setting PAYOUT_PROVIDER"):
        get_conf()
    assert [e.id for e in check_settings(None)] == ["referral_blocks.E001"]


def test_the_sites_own_queue_settings_are_fit():
    assert check_queue(None) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"orm": None, "redis": "redis://localhost"}, "orm"),
        ({"retry": 240}, "retry"),
        ({"timeout": None}, "timeout"),
        ({"ack_failures": False}, "ack_failures"),
    ],
)
def test_queue_settings_that_lose_or_double_work_are_named(settings, change, word):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **change}
    (problem,) = check_queue(None)
    assert word in problem.msg
