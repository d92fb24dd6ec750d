"""Stripe's v1 customers and the credit on their balance, which their next invoice uses up."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .routes import Endpoint
from .stripe_errors import error, no_such
from .stripe_lists import page_of
from .stripe_params import check, currency_code, whole, within
from .wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from .stripe import StripeSandbox


@dataclass(slots=True)
class Credit:
    id: str
    number: int
    customer: str
    amount: int
    currency: str
    ending_balance: int
    created: int
    description: str | None
    metadata: dict[str, str]
    key: str


@dataclass(slots=True)
class Customer:
    id: str
    number: int
    created: int
    email: str | None
    name: str | None
    description: str | None
    metadata: dict[str, str]
    balance: int = 0
    currency: str | None = None
    credits: list[Credit] = field(default_factory=list)


class Credits:
    """A negative amount is credit for the customer. No money leaves the platform's balance."""

    restores = ("customer", "credit")

    def __init__(self, box: StripeSandbox) -> None:
        self.box = box
        self.by_id: dict[str, Customer] = {}

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("POST /v1/customers", self.create),
            ("GET /v1/customers", self.list_customers),
            ("GET /v1/customers/{id}", self.retrieve),
            ("POST /v1/customers/{id}", self.update),
            ("POST /v1/customers/{id}/balance_transactions", self.credit),
            ("GET /v1/customers/{id}/balance_transactions", self.page),
            ("GET /v1/customers/{id}/balance_transactions/{credit}", self.retrieve_credit),
        ]

    def create(self, request: Request) -> Answer:
        params = request.params
        check("CustomerCreateParams", params)
        customer = Customer(
            id=f"cus_{secrets.token_hex(7)}",
            number=len(self.by_id),
            created=int(self.box.now()),
            email=params.get("email"),
            name=params.get("name"),
            description=params.get("description"),
            metadata=dict(params.get("metadata") or {}),
        )
        self.by_id[customer.id] = customer
        self.box.journal.note("customer", asdict(customer))
        return json_answer(self.shown(customer))

    def list_customers(self, request: Request) -> Answer:
        params = request.params
        check("CustomerListParams", params)
        return page_of(
            list(self.by_id.values()),
            params,
            url="/v1/customers",
            known=self.by_id,
            what="customer",
            fits=lambda row: params.get("email") in (None, row.email) and within(params.get("created"), row.created),
            shown=self.shown,
        )

    def update(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        """Metadata is added to what is there; the rest that can be changed is e-mail, name and description."""
        params = request.params
        check("CustomerUpdateParams", params)
        customer = self._get(id)
        customer.metadata.update(params.get("metadata") or {})
        for name in ("email", "name", "description"):
            if name in params:
                setattr(customer, name, params[name])
        self.box.journal.note("customer", asdict(customer))
        return json_answer(self.shown(customer))

    def retrieve(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        check("CustomerRetrieveParams", request.params)
        return json_answer(self.shown(self._get(id)))

    def credit(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        params = request.params
        check("CustomerBalanceTransactionCreateParams", params)
        customer = self._get(id)
        amount, currency = whole(params, "amount"), currency_code(params)
        if customer.currency not in (None, currency):
            message = f"This customer's currency is {customer.currency}."
            raise error(400, "customer_currency_mismatch", message, param="currency", executed=True)
        credit = Credit(
            id=f"cbtxn_{secrets.token_hex(12)}",
            number=len(customer.credits),
            customer=customer.id,
            amount=amount,
            currency=currency,
            ending_balance=customer.balance + amount,
            created=int(self.box.now()),
            description=params.get("description"),
            metadata=dict(params.get("metadata") or {}),
            key=request.headers.get("idempotency-key", ""),
        )
        self._keep(customer, credit)
        self.box.journal.note("credit", asdict(credit))
        return json_answer(self.shown_credit(credit))

    def page(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        check("CustomerBalanceTransactionListParams", request.params)
        customer = self._get(id)
        return page_of(
            customer.credits,
            request.params,
            url=f"/v1/customers/{id}/balance_transactions",
            known={row.id: row for row in customer.credits},
            what="customer balance transaction",
            fits=lambda row: within(request.params.get("created"), row.created),
            shown=self.shown_credit,
        )

    def retrieve_credit(self, request: Request, id: str, credit: str) -> Answer:  # noqa: A002
        found = next((row for row in self._get(id).credits if row.id == credit), None)
        if found is None:
            raise no_such("customer balance transaction", credit)
        return json_answer(self.shown_credit(found))

    def shown(self, row: Customer) -> dict[str, Any]:
        return {
            "id": row.id,
            "object": "customer",
            "address": None,
            "balance": row.balance,
            "created": row.created,
            "currency": row.currency,
            "default_source": None,
            "delinquent": False,
            "description": row.description,
            "discount": None,
            "email": row.email,
            "livemode": False,
            "metadata": row.metadata,
            "name": row.name,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }

    def shown_credit(self, row: Credit) -> dict[str, Any]:
        return {
            "id": row.id,
            "object": "customer_balance_transaction",
            "amount": row.amount,
            "checkout_session": None,
            "created": row.created,
            "credit_note": None,
            "currency": row.currency,
            "customer": row.customer,
            "customer_account": None,
            "description": row.description,
            "ending_balance": row.ending_balance,
            "invoice": None,
            "livemode": False,
            "metadata": row.metadata,
            "type": "adjustment",
        }

    def payments(self) -> list[dict[str, Any]]:
        """Credit given is paid; a debit takes it back."""
        return [
            {
                "kind": "credit",
                "id": row.id,
                "payout_id": row.metadata.get("payout_id"),
                "transfer_group": None,
                "description": row.description,
                "amount_minor": max(-row.amount, 0),
                "reversed_minor": max(row.amount, 0),
                "currency": row.currency.upper(),
                "destination": row.customer,
                "idempotency_key": row.key,
                "created": row.created,
                "status": "paid",
            }
            for customer in self.by_id.values()
            for row in customer.credits
        ]

    def restore(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "customer":
            known = self.by_id.setdefault(data["id"], Customer(**{**data, "credits": []}))
            known.email, known.name, known.description = data["email"], data["name"], data["description"]
            known.metadata = data["metadata"]
        else:
            self._keep(self.by_id[data["customer"]], Credit(**data))

    def _keep(self, customer: Customer, credit: Credit) -> None:
        customer.credits.append(credit)
        customer.balance, customer.currency = credit.ending_balance, credit.currency

    def _get(self, customer_id: str) -> Customer:
        if customer_id not in self.by_id:
            raise no_such("customer", customer_id)
        return self.by_id[customer_id]
