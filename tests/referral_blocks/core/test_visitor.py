import pytest
from django.test import RequestFactory

from referral_blocks.core.visitor import ip_hash, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2::9", "2001:db8:1:2::"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_a_visitor_is_known_by_what_they_cannot_change_themselves(address, network):
    assert network_of(address) == network


def test_the_addresses_of_one_household_count_as_one(settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "TRUSTED_PROXIES": 1}
    given = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::1", "2001:db8:1:3::1"]
    one, same, other = (ip_hash(RequestFactory().get("/", headers={"X-Forwarded-For": ip})) for ip in given)
    assert (one == same, one == other) == (True, False)
