"""Runa's orders: synchronous or not, one payout link an item, listed without their metadata."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, overload

from .pages import page
from .routes import Endpoint
from .runa_catalogue import cut
from .runa_checks import check_products, check_shape, error
from .runa_products import PRODUCTS, TEMPLATES, major
from .wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from .runa import RunaSandbox

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DAY = 24 * 3600


def ulid(prefix: str) -> str:
    """An id that sorts by the time of its making, as Runa's do."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return prefix + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


@dataclass(slots=True)
class Item:
    id: str
    token: str
    face_minor: int
    distribution: dict[str, str]
    products: dict[str, Any]
    status: str
    status_at: float
    expires_at: float | None


@dataclass(slots=True)
class Order:
    id: str
    number: int
    status: str
    created: float
    completed: float | None
    description: str | None
    metadata: dict[str, str] | None
    currency: str
    key: str
    items: list[Item]
    polls: int = 0

    @property
    def total(self) -> int:
        return sum(item.face_minor for item in self.items)


class NewestFirst(Sequence[str]):
    """The ids of all orders, newest first, without a copy; an id is found by its number."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def __len__(self) -> int:
        return len(self._orders.rows)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return self._orders.rows[len(self) - 1 - at].id

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        if value not in self._orders.by_id:
            raise ValueError(value)
        return len(self) - 1 - self._orders.by_id[value].number


class Orders:
    """The money leaves the balance when an order is accepted and comes back when it fails."""

    def __init__(self, box: RunaSandbox) -> None:
        self.box = box
        self.rows: list[Order] = []
        self.by_id: dict[str, Order] = {}
        self._by_token: dict[str, tuple[Order, Item]] = {}

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("POST /v2/order", self.create),
            ("GET /v2/order", self.page),
            ("GET /v2/order/{id}", self.one),
            ("GET /spend/{token}", self.spend),
        ]

    def controls(self) -> list[tuple[str, Endpoint]]:
        return [("POST /_sandbox/orders/{id}", self.change)]

    def create(self, request: Request) -> Answer:
        body = request.params["body"]
        mode = request.headers.get("x-execution-mode", "async")
        if mode not in {"sync", "async"}:
            raise error(400, "invalid_execution_mode", "Invalid execution mode.")
        check_shape(body)
        if mode == "sync" and len(body["items"]) != 1:
            raise error(400, "invalid_execution_mode", "A synchronous order has exactly one item.")
        if self.box.settings["ordering_restricted"]:
            message = "You cannot complete this order as you have reached your spending limit"
            raise error(403, "ordering_restricted", message)
        trigger = request.headers.get("x-trigger-error")
        if trigger == "internal_server_error":
            raise error(500, "internal_server_error", "An internal server error occurred")
        paid_in = body["payment_method"]["currency"]
        values = [check_products(item, paid_in)[1] for item in body["items"]]
        if trigger == "insufficient_funds":
            raise error(400, "insufficient_funds", f"Insufficient funds in {paid_in} balance to create order.")
        self.box.take(paid_in, sum(values))
        order = self._make(request, body, values, paid_in)
        if mode == "sync":
            self._finish(order, "COMPLETED")
        self._keep(order)
        self._note(order)
        if mode == "sync":
            return json_answer(self.full(order))
        return json_answer({"id": order.id, "status": order.status}, 202)

    def one(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        order = self.by_id.get(id)
        if order is None:
            raise error(404, "not_found", "The requested resource does not exist")
        if order.status == "PROCESSING":
            order.polls += 1
            if order.polls > self.box.settings["processing_polls"]:
                self._finish(order, self.box.settings["async_outcome"])
                self._note(order)
        return json_answer(self.full(order))

    def page(self, request: Request) -> Answer:
        start, end, pagination = cut(request, NewestFirst(self), usual=100)
        last = len(self.rows) - 1
        items = [self.basic(self.rows[last - at]) for at in range(start, end)]
        return json_answer({"items": items, "pagination": pagination})

    def spend(self, request: Request, token: str) -> Answer:
        """What the recipient sees behind the link; opening it claims it."""
        order, item = self._by_token.get(token, (None, None))
        if order is None or item is None or order.status != "COMPLETED":
            return page(title="This link is not known", body="<p>Ask whoever sent it to you.</p>", status=404)
        if self._status(item) == "EXPIRED":
            return page(title="This gift card has expired", body="<p>It was not opened in time.</p>", status=410)
        if item.status == "ACTIVE":
            item.status, item.status_at = "CLAIMED", self.box.now()
            self._note(order)
        codes = self._codes(item)
        names = "".join(f"<li>{escape(PRODUCTS[code].name)}</li>" for code in codes)
        return page(
            title="Your gift card",
            body=f'<p class="card">{major(item.face_minor, order.currency)} {order.currency}</p>'
            f"<p>For:</p><ul>{names}</ul><p>Code: <code>SANDBOX-{item.id[-8:]}</code></p>",
        )

    def change(self, asked: dict[str, Any], id: str) -> Answer:  # noqa: A002 - the template's name
        """``{"status": "COMPLETED" | "FAILED"}`` for an order that is being processed."""
        order = self.by_id[id]
        if order.status != "PROCESSING" or asked["status"] not in {"COMPLETED", "FAILED"}:
            raise ValueError(f"an order that is {order.status} does not become {asked['status']}")
        self._finish(order, asked["status"])
        self._note(order)
        return json_answer(self.full(order))

    def basic(self, order: Order) -> dict[str, Any]:
        """As the list and the webhook have it: the description, never the metadata; little while processing."""
        if order.status == "PROCESSING":
            return {"id": order.id, "status": order.status, "message": "The order is being processed."}
        total = major(order.total, order.currency)
        shown = {
            "id": order.id,
            "status": order.status,
            "created_at": moment(order.created),
            "completed_at": moment(order.completed or order.created),
            "description": order.description,
            "payment_method": {"type": "ACCOUNT_BALANCE"},
            "currency": order.currency,
            "total_discount": major(0, order.currency),
            "total_price": total,
        }
        return {**shown, "message": "The order failed."} if order.status == "FAILED" else shown

    def full(self, order: Order) -> dict[str, Any]:
        if order.status != "COMPLETED":
            return self.basic(order)
        total = major(order.total, order.currency)
        return {
            **self.basic(order),
            "items": [self._item(item, order.currency) for item in order.items],
            "transaction_detail": {order.currency: {"value": total, "fx": None}},
            "metadata": order.metadata,
        }

    def payments(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": "order",
                "id": order.id,
                "payout_id": (order.metadata or {}).get("payout_id") or order.description,
                "description": order.description,
                "amount_minor": order.total,
                "reversed_minor": order.total if order.status == "FAILED" else 0,
                "currency": order.currency,
                "destination": order.items[0].distribution.get("email_address"),
                "distribution": order.items[0].distribution["type"],
                "idempotency_key": order.key,
                "created": int(order.created),
                "status": order.status,
                "links": [self._status(item) for item in order.items],
            }
            for order in self.rows
        ]

    def restore(self, kind: str, data: dict[str, Any]) -> None:
        data["items"] = [Item(**item) for item in data["items"]]
        order = Order(**data)
        if known := self.by_id.get(order.id):
            self.rows[known.number] = order
            self._index(order)
        else:
            self._keep(order)

    def _make(self, request: Request, body: dict[str, Any], values: list[int], currency: str) -> Order:
        now, days = self.box.now(), self.box.settings["link_days"]
        expires = now + days * DAY if days else None
        return Order(
            id=ulid("O-"),
            number=len(self.rows),
            status="PROCESSING",
            created=now,
            completed=None,
            description=body.get("description"),
            metadata=body.get("metadata"),
            currency=currency,
            key=request.headers["x-idempotency-key"],
            items=[
                Item(ulid("E-"), secrets.token_urlsafe(24), value, item["distribution_method"], item["products"],
                     "ACTIVE", now, expires)
                for item, value in zip(body["items"], values, strict=True)
            ],
        )  # fmt: skip

    def _finish(self, order: Order, status: str) -> None:
        order.status, order.completed = status, self.box.now()
        if status == "FAILED":
            self.box.move(order.currency, order.total)
            self.box.emit_completion({"id": order.id, "status": "FAILED"})
        else:
            self.box.emit_completion(self.basic(order))

    def _item(self, item: Item, currency: str) -> dict[str, Any]:
        products = dict(item.products)
        if products["type"] == "TEMPLATE" and len(self._codes(item)) > 1:
            products["values"] = list(self._codes(item))
        value, url = major(item.face_minor, currency), f"{self.box.base_url}/spend/{item.token}"
        return {
            "id": item.id,
            "distribution_method": item.distribution,
            "products": products,
            "face_value": value,
            "price": value,
            "discount_multiplier": "0.0",
            "redemption_url": url,
            "payout": {
                "status": self._status(item),
                "status_updated_at": moment(item.status_at),
                "url": url,
                "expiry_date": moment(item.expires_at) if item.expires_at else None,
            },
            "currency": currency,
        }

    def _status(self, item: Item) -> str:
        late = item.expires_at is not None and self.box.now() > item.expires_at
        return "EXPIRED" if late and item.status == "ACTIVE" else item.status

    def _codes(self, item: Item) -> tuple[str, ...]:
        if item.products["type"] == "SINGLE":
            return (item.products["value"],)
        return tuple(item.products.get("values") or TEMPLATES[item.products["template_id"]])

    def _note(self, order: Order) -> None:
        self.box.journal.note("order", asdict(order))

    def _keep(self, order: Order) -> None:
        self.rows.append(order)
        self._index(order)

    def _index(self, order: Order) -> None:
        self.by_id[order.id] = order
        for item in order.items:
            self._by_token[item.token] = (order, item)
