"""Which amounts Stripe can be told: it takes minor units, but not always those of ISO 4217.

Source: https://docs.stripe.com/currencies (zero-decimal currencies, three-decimal currencies, special cases).
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money, exponents

# Without UGX and ISK, which Stripe has written with two decimals ever since they had them.
NO_DECIMALS = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})  # whose last digit has to be 0
# Decimals in a balance, but none in a payment to a bank.
WHOLE_TO_BANKS = frozenset({"HUF", "TWD"})


def check_amount(amount: Money, *, to_bank: bool = False) -> None:
    """Raises InvalidInput with path ``amount`` for what Stripe would refuse, or read as another amount."""
    currency = amount.currency
    if exponents().get(currency) != _decimals(currency):
        # ISK, UGX and MGA among others: an ISO amount would be a hundred times too much or too little.
        raise InvalidInput(
            _("Stripe cannot pay in %(currency)s.") % {"currency": currency}, code="invalid_currency", path=("amount",)
        )
    step = 10 if currency in THREE_DECIMALS else 100 if to_bank and currency in WHOLE_TO_BANKS else 1
    if amount.amount_minor % step:
        raise InvalidInput(
            _("In %(currency)s, Stripe pays multiples of %(step)s only.")
            % {"currency": currency, "step": Money(step, currency)},
            code="invalid_amount",
            path=("amount",),
        )


def _decimals(currency: str) -> int:
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
