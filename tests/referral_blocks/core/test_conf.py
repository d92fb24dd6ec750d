import pytest
from django.core.exceptions import ImproperlyConfigured

from referral_blocks.checks import SOCKETS, check_plugs, check_queue, check_settings, check_starters
from referral_blocks.core.conf import get_conf


def test_a_setting_that_does_not_exist_is_named(settings):
    settings.REFERRAL_BLOCKS = {"PAYOUT_PROVIDER": {}}
    with pytest.raises(ImproperlyConfigured, match="no setting PAYOUT_PROVIDER"):
        get_conf()
    assert [e.id for e in check_settings(None)] == ["referral_blocks.E001"]


def test_all_that_comes_with_the_plugin_fits_its_socket():
    assert check_plugs(None) == []


@pytest.mark.parametrize("setting", SOCKETS)
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("nowhere.Plug", "nowhere.Plug cannot be imported: No module named 'nowhere'"),
        ("decimal.Nothing", "decimal.Nothing cannot be imported"),
        ("decimal.Decimal", "decimal.Decimal is no subclass of referral_blocks."),
        ("decimal.getcontext", "decimal.getcontext is no subclass of referral_blocks."),
        ({"path": "decimal.Decimal", "options": {}}, "decimal.Decimal is no subclass of referral_blocks."),
        ({"options": {}}, "give a dotted path"),
        (None, "give a dotted path"),
    ],
)
def test_a_plug_that_does_not_fit_is_named(settings, setting, entry, words):
    fits = SOCKETS[setting].__subclasses__()[0]
    good = {"path": f"{fits.__module__}.{fits.__qualname__}", "options": {}}
    settings.REFERRAL_BLOCKS = {setting: {"good": good, "mine": entry}}
    (problem,) = check_plugs(None)
    assert problem.id == "referral_blocks.E002"
    assert problem.msg.startswith(f"REFERRAL_BLOCKS['{setting}']['mine']: {words}")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("nowhere.STARTER", "nowhere.STARTER cannot be imported: No module named 'nowhere'"),
        ("decimal.Decimal", "decimal.Decimal is no referral_blocks.blocks.starter.Starter."),
        (None, "None cannot be imported"),
    ],
)
def test_a_starter_that_is_none_is_named(settings, entry, words):
    good = "referral_blocks.blocks.starters.cash.STARTER"
    settings.REFERRAL_BLOCKS = {"STARTERS": {"good": good, "mine": entry}}
    (problem,) = check_starters(None)
    assert problem.id == "referral_blocks.E002"
    assert problem.msg.startswith(f"REFERRAL_BLOCKS['STARTERS']['mine']: {words}")


def test_all_starters_that_come_with_the_plugin_fit():
    assert check_starters(None) == []


def test_a_setting_that_does_not_exist_is_told_once(settings):
    settings.REFERRAL_BLOCKS = {"PAYOUT_PROVIDER": {}}
    assert check_plugs(None) == []


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
