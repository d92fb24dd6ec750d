"""Which amounts Stripe can be told."""

from __future__ import annotations

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.payouts.providers.stripe.amounts import check_amount


@pytest.mark.parametrize(
    "amount", [Money(1, "GBP"), Money(500, "JPY"), Money(5120, "KWD"), Money(1045, "HUF"), Money(100, "XPF")]
)
def test_minor_units_are_taken_as_they_are(amount):
    check_amount(amount)


@pytest.mark.parametrize("currency", ["ISK", "UGX", "MGA", "IQD", "UYW", "PTS"])
def test_a_currency_that_stripe_counts_otherwise_is_refused(currency):
    with pytest.raises(InvalidInput) as refused:
        check_amount(Money(1000, currency))
    assert (refused.value.code, refused.value.path) == ("invalid_currency", ("amount",))


@pytest.mark.parametrize("currency", ["KWD", "BHD", "JOD", "OMR", "TND"])
def test_the_third_decimal_has_to_be_zero(currency):
    with pytest.raises(InvalidInput) as refused:
        check_amount(Money(5124, currency))
    assert (refused.value.code, refused.value.path) == ("invalid_amount", ("amount",))


@pytest.mark.parametrize("currency", ["HUF", "TWD"])
def test_banks_take_whole_forints_only(currency):
    check_amount(Money(1000, currency), to_bank=True)
    with pytest.raises(InvalidInput):
        check_amount(Money(1045, currency), to_bank=True)
