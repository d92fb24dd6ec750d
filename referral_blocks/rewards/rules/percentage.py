"""A share of the sale, between a floor and a cap. The rule's own amount is the cap."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money, exponents
from referral_blocks.rewards.rule import RewardKind, RuleFacts, SaleFacts

HUNDRED = Decimal(100)


class PercentageReward(RewardKind):
    """Options: ``percent`` (text, more than 0 and at most 100) and ``floor_minor`` (minor units, 0 or more)."""

    label = _("A percentage of the sale")
    needs_sale = True

    def clean_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        try:
            percent = Decimal(str(options.get("percent", "")))
        except InvalidOperation:
            percent = Decimal("NaN")
        if not (percent.is_finite() and 0 < percent <= HUNDRED):
            raise InvalidInput(
                _("Give a percentage of more than 0 and at most 100, such as 10."),
                code="invalid_percent",
                path=("options", "percent"),
            )
        floor = options.get("floor_minor", 0)
        if not isinstance(floor, int) or isinstance(floor, bool) or floor < 0:
            raise InvalidInput(
                _("The least amount has to be zero or more, in minor units."),
                code="invalid_amount",
                path=("options", "floor_minor"),
            )
        return {"percent": str(percent), "floor_minor": floor}

    def value(self, rule: RuleFacts, sale: SaleFacts | None) -> Money | None:
        if sale is None:
            return None
        # A rule in points counts major units of the sale: 10 % of £12.00 is 1 point.
        scale = exponents()[rule.amount.currency] - exponents()[sale.amount.currency]
        same = rule.amount.currency == sale.amount.currency
        base = Decimal(sale.amount.amount_minor) if same else Decimal(sale.amount.amount_minor).scaleb(scale)
        share = (base * Decimal(rule.options["percent"]) / HUNDRED).quantize(Decimal(1), ROUND_HALF_UP)
        minor = min(max(int(share), int(rule.options.get("floor_minor", 0))), rule.amount.amount_minor)
        return Money(minor, rule.amount.currency) if minor > 0 else None

    def bounds(self, rule: RuleFacts) -> tuple[Money | None, Money | None]:
        floor = int(rule.options.get("floor_minor", 0))
        least = min(floor, rule.amount.amount_minor)
        return (Money(least, rule.amount.currency) if floor else None), rule.amount

    def in_words(self, rule: RuleFacts) -> str:
        percent = format_decimal(Decimal(str(rule.options["percent"])), locale=to_locale(get_language() or "en"))
        least, most = self.bounds(rule)
        values = {"percent": percent, "least": least, "most": most}
        if least:
            return gettext("%(percent)s%% of the purchase, at least %(least)s, at most %(most)s") % values
        return gettext("%(percent)s%% of the purchase, at most %(most)s") % values
