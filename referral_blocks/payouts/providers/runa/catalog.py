"""What can be ordered of Runa and what is left to pay from, remembered for some minutes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.cache import cache

from referral_blocks.core.hashing import keyed_hash
from referral_blocks.core.money import Money, exponents
from referral_blocks.payouts.provider import ProviderUnavailable

from .client import Answer, NoAnswer, RunaClient

PRODUCTS_SECONDS = 15 * 60
BALANCE_SECONDS = 5 * 60
PAGE = 500
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Product:
    """A gift card or subscription; values in minor units. ``values`` is empty for an open range, whose ends may be
    missing."""

    code: str
    name: str
    currency: str
    orderable: bool
    kind: str = ""
    state: str = ""
    minimum_minor: int | None = None
    maximum_minor: int | None = None
    values: tuple[int, ...] = ()

    def allows(self, amount: Money) -> bool:
        """Whether it can be ordered at this face value."""
        minor = amount.amount_minor
        if amount.currency != self.currency:
            return False
        if self.values:
            return minor in self.values
        above = self.minimum_minor is None or minor >= self.minimum_minor
        return above and (self.maximum_minor is None or minor <= self.maximum_minor)


class Catalog:
    """The products and balances of one account, in Django's cache."""

    def __init__(self, client: RunaClient, *, account: str) -> None:
        self._client = client
        self._prefix = f"referral_blocks.runa:{keyed_hash('runa-account', account)}"

    def product(self, code: str) -> Product | None:
        """The product, or None for one that this account does not have; raises ProviderUnavailable."""
        key = f"{self._prefix}:product:{keyed_hash('runa-product', code)}"
        found = cache.get(key)
        if found is None:
            answer = self._get(f"/product/{code}")
            if answer.status not in (200, 404):
                raise _unavailable(answer)
            found = [product_in(answer.body) if answer.status == 200 else None]
            cache.set(key, found, PRODUCTS_SECONDS)
        return found[0]

    def products(self) -> list[Product]:
        """All that can be ordered, by name; raises ProviderUnavailable."""
        key = f"{self._prefix}:products"
        found = cache.get(key)
        if found is None:
            found = sorted(self._all(), key=lambda product: (product.name, product.code))
            cache.set(key, found, PRODUCTS_SECONDS)
        return found

    def balance(self, currency: str) -> Money | None:
        """What is left in this currency, or None when Runa does not say; raises ProviderUnavailable."""
        key = f"{self._prefix}:balance:{currency}"
        found = cache.get(key)
        if found is None:
            answer = self._get("/balance", {"currency": currency})
            if answer.status != 200:
                raise _unavailable(answer)
            body = answer.body if isinstance(answer.body, dict) else {}
            minor = to_minor(body.get("balance"), currency) if body.get("currency") == currency else None
            found = [None if minor is None else Money(minor, currency)]
            cache.set(key, found, BALANCE_SECONDS)
        return found[0]

    def forget(self, *, product: str = "", currency: str = "") -> None:
        """Ask again the next time: it is known to have changed."""
        cache.delete(f"{self._prefix}:products")
        if product:
            cache.delete(f"{self._prefix}:product:{keyed_hash('runa-product', product)}")
        if currency:
            cache.delete(f"{self._prefix}:balance:{currency}")

    def _all(self) -> list[Product]:
        found: list[Product] = []
        params: dict[str, str | int] = {"is_orderable": "true", "limit": PAGE}
        for _page in range(MOST_PAGES):
            answer = self._get("/product", params)
            if answer.status != 200 or not isinstance(answer.body, dict):
                raise _unavailable(answer)
            found += [p for p in map(product_in, answer.body.get("catalog") or ()) if p is not None]
            after = next_page(answer.body)
            if not after:
                break
            params["after"] = after
        return found

    def _get(self, path: str, params: dict[str, str | int] | None = None) -> Answer:
        try:
            return self._client.get(path, params)
        except NoAnswer as error:
            raise ProviderUnavailable(f"Runa: no answer ({error}).") from None


def _unavailable(answer: Answer) -> ProviderUnavailable:
    return ProviderUnavailable(f"Runa answered {answer.status} {answer.kind[:60]}".strip() + ".")


def next_page(body: Any) -> str:
    """The cursor of the page after this one; empty on the last."""
    try:
        after = body["pagination"]["cursors"]["after"]
    except (KeyError, TypeError):
        return ""
    return after if isinstance(after, str) else ""


def product_in(body: Any) -> Product | None:
    """A product as the catalogue has it; None for what cannot be read."""
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        return None
    currency = str(body.get("currency", ""))
    kind = str(body.get("payout_type", ""))
    card = body.get(kind)
    facts = card.get("denominations") if isinstance(card, dict) else None
    facts = facts if isinstance(facts, dict) else {}
    fixed = facts.get("available_list") if facts.get("type") == "fixed" else None
    values = [to_minor(value, currency) for value in fixed or ()]
    return Product(
        code=body["code"],
        name=str(body.get("name", ""))[:120],
        currency=currency,
        orderable=bool(body.get("is_orderable")) and body.get("state", "LIVE") != "TEMPORARILY_DISABLED",
        kind=kind,
        state=str(body.get("state", "")),
        minimum_minor=to_minor(facts.get("minimum_value"), currency),
        maximum_minor=to_minor(facts.get("maximum_value"), currency),
        values=tuple(sorted(value for value in values if value is not None)),
    )


def to_minor(value: Any, currency: str) -> int | None:
    """Minor units from Runa's amounts, which are text in major units; None for what is none, or not exact."""
    if currency not in exponents() or not isinstance(value, (str, int, Decimal)):
        return None
    try:
        minor = Decimal(value).scaleb(exponents()[currency])
    except InvalidOperation:
        return None
    return int(minor) if minor.is_finite() and minor == minor.to_integral_value() else None
