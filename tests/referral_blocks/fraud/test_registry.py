"""The setting that names the checks, and the blocked list's normal forms."""

import pytest

from referral_blocks.core.errors import DomainError
from referral_blocks.fraud.check import check_labels, registered_checks
from referral_blocks.fraud.checks.ip_velocity import IpVelocity
from referral_blocks.fraud.models import BlockedEntry
from referral_blocks.fraud.services import block_entry
from tests.make import make_program


def test_every_check_that_ships_loads_under_its_alias():
    loaded = {line.alias: line.load() for line in registered_checks()}
    assert set(loaded) == {
        "self_referral", "duplicate_friend", "existing_customer", "referrer_velocity", "ip_velocity",
        "disposable_email", "suspicious_timing", "unusual_amount", "blocked_list",
    }  # fmt: skip
    assert all(check.name == alias for alias, check in loaded.items())
    assert [alias for alias, check in loaded.items() if not check.may_block] == ["ip_velocity"]


def test_a_host_names_checks_by_path_or_with_options(settings):
    path = "referral_blocks.fraud.checks.ip_velocity.IpVelocity"
    lines = {"plain": path, "strict": {"path": path, "options": {"per_day": 1}}, "gone": "nowhere.Nothing"}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "FRAUD_CHECKS": lines}
    plain, strict, gone = registered_checks()
    assert isinstance(plain.load(), IpVelocity)
    assert (plain.load().per_day, strict.load().per_day) == (5, 1)
    with pytest.raises(ImportError):
        gone.load()
    assert {alias: str(label) for alias, label in check_labels().items()} == {
        "plain": "Shared network address",
        "strict": "Shared network address",
        "gone": "gone",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("email", " K.I.M+x@Googlemail.com ", "kim@gmail.com"),
        ("domain", "Example.COM", "example.com"),
        ("phone", "+44 (0) 7700-900001", "4407700900001"),
        ("ip_hash", "ABC", "abc"),
    ],
)
def test_an_entry_is_kept_once_in_its_normal_form(kind, value, kept):
    site_id = make_program().site_id
    entry = block_entry(site_id=site_id, kind=kind, value=value, note="Why")
    assert (entry.value, entry.note) == (kept, "Why")
    assert block_entry(site_id=site_id, kind=kind, value=value) == entry


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "name", "value": "x"}, "invalid_kind"),
        ({"kind": "email", "value": " "}, "required"),
        ({"kind": "email", "value": "kim"}, "invalid_email"),
        ({"kind": "phone", "value": "none"}, "required"),
        ({"kind": "domain", "value": "x" * 255}, "too_long"),
    ],
)
def test_an_entry_that_could_never_fit_is_refused(given, code):
    with pytest.raises(DomainError) as refused:
        block_entry(site_id=make_program().site_id, **given)
    assert refused.value.code == code
    assert not BlockedEntry.objects.exists()
