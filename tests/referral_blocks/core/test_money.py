from decimal import Decimal

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money, parse_amount, validate_currency


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "GBP", 1250),
        ("12.5", "gbp", 1250),
        (" 1500 ", "JPY", 1500),
        ("1.234", "KWD", 1234),
    ],
)
def test_an_amount_becomes_minor_units_exactly(text, currency, minor):
    assert parse_amount(text, currency) == Money(minor, currency.upper())


def test_a_decimal_comes_back_as_it_went_in():
    assert parse_amount("0.10", "USD").decimal == Decimal("0.10")


NO_AMOUNTS = [
    "", "abc", "NaN", "Infinity", "-Infinity", "0", "-1", "0.00", "1,50", "٫", "9" * 20, "1e2", "1e-9999999", "1_000",
    "١٢.٥٠", "0x10", "1.", ".5",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_AMOUNTS)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        parse_amount(text, "GBP")
    assert refused.value.code == "invalid_amount"


@pytest.mark.parametrize(
    ("text", "currency"), [("0.001", "GBP"), ("1.5", "JPY"), ("1.2345", "KWD"), ("10." + "0" * 19 + "1", "GBP")]
)
def test_more_decimals_than_the_currency_has_are_refused(text, currency):
    with pytest.raises(InvalidInput) as refused:
        parse_amount(text, currency)
    assert refused.value.code == "too_many_decimals"


def test_a_float_is_a_bug_and_not_an_amount():
    with pytest.raises(TypeError):
        parse_amount(0.1, "GBP")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["", "GB", "XYZ", "XXX", "XAU", "POUND", "G\x00P", "£"])
def test_a_currency_that_does_not_exist_is_refused(code):
    with pytest.raises(InvalidInput) as refused:
        validate_currency(code)
    assert refused.value.code == "invalid_currency"


@pytest.mark.parametrize(
    ("locale", "text"), [("en-gb", "£1,234.50"), ("de", "1.234,50\xa0£"), ("fr", "1\u202f234,50\xa0£GB")]
)
def test_money_is_written_as_the_reader_writes_it(locale, text):
    assert Money(123_450, "GBP").format(locale) == text
