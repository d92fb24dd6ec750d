"""The imaginary gift cards of the Runa stand-in: sandbox data, no real brand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Digits after the point, where it is not two.
EXPONENTS = {"JPY": 0, "KRW": 0, "HUF": 2, "KWD": 3, "BHD": 3}


def exponent(currency: str) -> int:
    return EXPONENTS.get(currency, 2)


def minor(value: Decimal, currency: str) -> int | None:
    """Major units as minor units; None when the currency has no such small coin."""
    scaled = value.scaleb(exponent(currency))
    return int(scaled) if scaled == scaled.to_integral_value() else None


def major(amount: int, currency: str) -> str:
    """Minor units as Runa writes amounts: a string in major units."""
    return str(Decimal(amount).scaleb(-exponent(currency)))


@dataclass(frozen=True, slots=True)
class Product:
    """``fixed`` lists the face values on sale; empty means any from ``least`` to ``most``. All in major units."""

    code: str
    name: str
    currency: str
    country: str
    category: str
    least: str = "1.00"
    most: str = "500.00"
    fixed: tuple[str, ...] = ()
    orderable: bool = True

    def sells(self, face_value: Decimal) -> bool:
        if self.fixed:
            return any(face_value == Decimal(value) for value in self.fixed)
        return Decimal(self.least) <= face_value <= Decimal(self.most)

    def shown(self, base_url: str) -> dict[str, Any]:
        """As ``GET /product`` gives it."""
        return {
            "approval_state": "APPROVED",
            "discount_multiplier": "0.00",
            "code": self.code,
            "name": self.name,
            "categories": [self.category],
            "countries_redeemable_in": [self.country],
            "currency": self.currency,
            "customer_service": {"phone_number": None, "website_url": None},
            "state": "LIVE" if self.orderable else "TEMPORARILY_DISABLED",
            "payout_type": "gift_card",
            "is_orderable": self.orderable,
            "availability": "realtime",
            "gift_card": {
                "barcode_format": "code-128",
                "e_code_usage_type": "url-recommended",
                "denominations": {
                    "available_list": list(self.fixed) or None,
                    "minimum_value": self.least,
                    "maximum_value": self.most,
                    "type": "fixed" if self.fixed else "open",
                },
                "redeemable_at": "online",
                "balance_check_url": None,
                "website_url": None,
                "assets": {
                    "card_image_url": f"{base_url}/assets/{self.code}.svg",
                    "icon_image_url": f"{base_url}/assets/{self.code}.svg",
                    "primary_color": "#1A4D8F",
                },
                "expiry": {
                    "date_policy": "Expires 2 years from issue date",
                    "in_months": 24,
                    "type": "from-issue-date",
                },
                "content_resources": {
                    "description_markdown_url": None,
                    "disclaimer_markdown_url": None,
                    "locale": "en_GB",
                    "refund_policy_markdown_url": None,
                    "reissuance_policy_markdown_url": None,
                    "terms_buyer_markdown_url": None,
                    "terms_consumer_markdown_url": None,
                    "redemption_instructions_markdown_url": None,
                },
            },
        }


_TENS = ("5.00", "10.00", "20.00", "50.00")

PRODUCTS = {
    product.code: product
    for product in (
        Product("SBX-ANY-DE", "Sandbox any-value card (EUR)", "EUR", "DE", "department-stores"),
        Product("SBX-ANY-GB", "Sandbox any-value card (GBP)", "GBP", "GB", "department-stores"),
        Product("SBX-ANY-US", "Sandbox any-value card (USD)", "USD", "US", "department-stores"),
        Product("SBX-BOOK-GB", "Sandbox book card (GBP)", "GBP", "GB", "entertainment", "5.00", "50.00", _TENS),
        Product("SBX-BOOK-US", "Sandbox book card (USD)", "USD", "US", "entertainment", "5.00", "50.00", _TENS),
        Product("SBX-OFF-GB", "Sandbox card that is off sale (GBP)", "GBP", "GB", "food-and-drink", orderable=False),
    )
}

# Selection templates: the recipient chooses among these.
TEMPLATES = {
    "PT-SANDBOXGBP": ("SBX-ANY-GB", "SBX-BOOK-GB"),
    "PT-SANDBOXEUR": ("SBX-ANY-DE",),
    "PT-SANDBOXUSD": ("SBX-ANY-US", "SBX-BOOK-US"),
}
