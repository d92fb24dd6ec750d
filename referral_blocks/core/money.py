"""Money as integer minor units with an ISO 4217 currency; decimals exist only where people type or read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import iso4217
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

from .errors import InvalidInput

POINTS = "PTS"  # the currency of points: no decimals, and only inside the house
MAX_MINOR = 10**15  # far above any sale, far below BIGINT, so that sums of many cannot overflow


# Digits, a point, digits: no exponents, group marks or other scripts' digits, which people read in different ways.
AMOUNT = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")


@cache
def exponents() -> dict[str, int]:
    """Currency code → number of decimals: ISO 4217 currencies that have minor units defined, and points."""
    return {POINTS: 0, **{c.code: c.exponent for c in iso4217.Currency if c.exponent is not None}}


def currency_choices() -> list[tuple[str, str]]:
    """All currencies as (code, "code name") for a select field."""
    return sorted((c.code, f"{c.code} – {c.currency_name}") for c in iso4217.Currency if c.exponent is not None)


def validate_currency(code: str, *, path: tuple[str, ...] = ("currency",)) -> str:
    """``code`` in upper case; raises InvalidInput when ISO 4217 does not know it."""
    upper = str(code).strip().upper()
    if upper not in exponents() or upper == POINTS:
        raise InvalidInput(
            _("There is no currency “%(code)s”. Use a three-letter ISO 4217 code such as EUR.") % {"code": upper[:8]},
            code="invalid_currency",
            path=path,
        )
    return upper


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency: ``Money(1250, "GBP")`` is £12.50."""

    amount_minor: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.amount_minor).scaleb(-exponents()[self.currency])

    def format(self, locale: str | None = None) -> str:
        """For people, in ``locale`` (such as ``de-AT``) or the active language."""
        name = to_locale(locale or get_language() or "en")
        if self.currency == POINTS:
            return ngettext("%(n)s point", "%(n)s points", self.amount_minor) % {
                "n": format_decimal(self.amount_minor, locale=name)
            }
        return format_currency(self.decimal, self.currency, locale=name)

    def __str__(self) -> str:
        return self.format()


def parse_amount(amount: str | Decimal | int, currency: str, *, path: tuple[str, ...] = ("amount",)) -> Money:
    """Money from major units as people type them (``"12.50"``); raises InvalidInput for anything but a positive,
    finite amount with no more decimals than the currency has. Floats are refused: they are not exact."""
    code = validate_currency(currency)
    if isinstance(amount, float):
        raise TypeError("Money is never a float")
    text = str(amount).strip()
    if not AMOUNT.fullmatch(text):
        raise InvalidInput(
            _("“%(amount)s” is not an amount. Write it as 12.50.") % {"amount": str(amount)[:32]},
            code="invalid_amount",
            path=path,
        )
    value = Decimal(text)
    if value <= 0:
        raise InvalidInput(_("The amount has to be more than zero."), code="invalid_amount", path=path)
    exponent = exponents()[code]
    if value >= Decimal(MAX_MINOR).scaleb(-exponent):
        raise InvalidInput(_("The amount is too large."), code="invalid_amount", path=path)
    if len(text.partition(".")[2].rstrip("0")) > exponent:
        raise InvalidInput(
            _("%(currency)s has %(decimals)d decimals; “%(amount)s” has more.")
            % {"currency": code, "decimals": exponent, "amount": str(amount)[:32]},
            code="too_many_decimals",
            path=path,
        )
    return Money(int(value.scaleb(exponent)), code)
