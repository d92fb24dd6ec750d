"""Runa's product catalogue: filters and pages by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .routes import Endpoint
from .runa_checks import error
from .runa_products import PRODUCTS
from .wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from .runa import RunaSandbox


class Catalogue:
    """The imaginary products, by code."""

    def __init__(self, box: RunaSandbox) -> None:
        self.box = box

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("GET /v2/product", self.page),
            ("GET /v2/product/countries", self.countries),
            ("GET /v2/product/categories", self.categories),
            ("GET /v2/product/{code}", self.one),
            ("GET /assets/{name}", self.asset),
        ]

    def page(self, request: Request) -> Answer:
        countries, categories = values(request, "countries_redeemable_in"), values(request, "categories")
        orderable = request.first("is_orderable")
        rows = [
            product
            for _, product in sorted(PRODUCTS.items())
            if (not countries or product.country in countries)
            and (not categories or product.category in categories)
            and (orderable is None or product.orderable == (orderable.lower() == "true"))
        ]
        start, end, pagination = cut(request, [row.code for row in rows], usual=500)
        shown = [row.shown(self.box.base_url) for row in rows[start:end]]
        return json_answer({"catalog": shown, "pagination": pagination})

    def one(self, request: Request, code: str) -> Answer:
        product = PRODUCTS.get(code)
        if product is None:
            raise error(404, "not_found", "The requested resource does not exist")
        return json_answer(product.shown(self.box.base_url))

    def countries(self, request: Request) -> Answer:
        return json_answer({"countries": sorted({product.country for product in PRODUCTS.values()})})

    def categories(self, request: Request) -> Answer:
        return json_answer({"categories": sorted({product.category for product in PRODUCTS.values()})})

    def asset(self, request: Request, name: str) -> Answer:
        """The same plain card for every product."""
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" role="img" aria-label="Sandbox gift card">'
            '<rect width="320" height="200" rx="16" fill="#1a4d8f"/>'
            '<text x="160" y="108" fill="#fff" font-family="sans-serif" font-size="24" text-anchor="middle">'
            "Sandbox gift card</text></svg>"
        )
        return Answer(200, svg.encode(), "image/svg+xml")


def values(request: Request, name: str) -> set[str]:
    """A list parameter: repeated, or with commas."""
    return {part for key, value in request.query if key == name for part in value.split(",") if part}


def cut(request: Request, ids: Sequence[str], *, usual: int) -> tuple[int, int, dict[str, Any]]:
    """Where the page starts and ends in ``ids``, and what ``pagination`` says about it."""
    limit_text, after, before = (request.first(name) for name in ("limit", "after", "before"))
    limit = int(limit_text) if limit_text and limit_text.isdigit() else usual
    if not 1 <= limit <= 500 or (limit_text and not limit_text.isdigit()) or (after and before):
        raise error(400, "pagination_error", "There was an issue with the pagination parameters")
    try:
        if before:
            end = ids.index(before)
            start = max(end - limit, 0)
        else:
            start = ids.index(after) + 1 if after else 0
            end = min(start + limit, len(ids))
    except ValueError:
        raise error(400, "pagination_error", "There was an issue with the pagination parameters") from None
    cursors = {
        "before": ids[start] if start > 0 and ids else None,
        "after": ids[end - 1] if end < len(ids) and end > 0 else None,
    }
    return start, end, {"cursors": cursors, "page": {"limit": limit}}
